-- in_transaction: yes
ALTER TABLE "products" DROP COLUMN "description";
