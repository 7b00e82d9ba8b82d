-- in_transaction: no
BEGIN;
--
-- Rename field quantity on orderitem to amount
--
ALTER TABLE "order_items" RENAME COLUMN "quantity" TO "amount";
COMMIT;
