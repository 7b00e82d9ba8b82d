-- in_transaction: no
BEGIN;
ALTER TABLE "products" ADD COLUMN "slug" varchar(80) DEFAULT '' NOT NULL UNIQUE;
ALTER TABLE "products" ALTER COLUMN "slug" DROP DEFAULT;
COMMIT;
