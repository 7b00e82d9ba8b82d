-- in_transaction: no
BEGIN;
--
-- Add field is_featured to product
--
ALTER TABLE "products" ADD COLUMN "is_featured" boolean DEFAULT false NOT NULL;
ALTER TABLE "products" ALTER COLUMN "is_featured" DROP DEFAULT;
COMMIT;
