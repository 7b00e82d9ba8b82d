-- in_transaction: no
SET statement_timeout TO 0;
SET lock_timeout TO '10s';
CREATE INDEX CONCURRENTLY IF NOT EXISTS "index_order_items_on_product_id" ON "order_items" ("product_id");
ALTER TABLE "order_items" ADD CONSTRAINT "fk_rails_9f8e7d" FOREIGN KEY ("product_id") REFERENCES "products" ("id") NOT VALID;
ALTER TABLE "order_items" VALIDATE CONSTRAINT "fk_rails_9f8e7d";
