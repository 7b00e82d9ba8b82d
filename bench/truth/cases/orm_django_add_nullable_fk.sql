-- in_transaction: no
BEGIN;
--
-- Add field reviewer to order
--
ALTER TABLE "orders" ADD COLUMN "reviewer_id" integer NULL CONSTRAINT "orders_reviewer_id_5a3c_fk_customers_id" REFERENCES "customers"("id") DEFERRABLE INITIALLY DEFERRED; SET CONSTRAINTS "orders_reviewer_id_5a3c_fk_customers_id" IMMEDIATE;
CREATE INDEX "orders_reviewer_id_5a3c" ON "orders" ("reviewer_id");
COMMIT;
