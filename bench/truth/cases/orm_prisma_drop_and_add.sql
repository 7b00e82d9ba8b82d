-- in_transaction: no
/*
  Warnings:

  - You are about to drop the column `note` on the `orders` table. All the data in the column will be lost.

*/
-- AlterTable
ALTER TABLE "orders" DROP COLUMN "note",
ADD COLUMN     "remark" TEXT;
