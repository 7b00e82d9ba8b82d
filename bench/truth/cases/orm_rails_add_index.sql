-- in_transaction: yes
ALTER TABLE "orders" ADD "delivered_at" timestamp(6);
CREATE INDEX "index_orders_on_external_ref" ON "orders" ("external_ref");
