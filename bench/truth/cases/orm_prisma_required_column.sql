-- in_transaction: no
/*
  Warnings:

  - Added the required column `tenantId` to the `orders` table without a default value. This is not possible if the table is not empty.

*/
-- AlterTable
ALTER TABLE "orders" ADD COLUMN     "tenantId" INTEGER NOT NULL;
