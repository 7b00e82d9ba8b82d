-- in_transaction: yes
ALTER TABLE "products" DROP COLUMN "weight";
ALTER TABLE "products" ADD "weight" double precision;
