-- in_transaction: yes
ALTER TABLE "orders" ALTER COLUMN "warehouse_id" SET DATA TYPE bigint;--> statement-breakpoint
ALTER TABLE "orders" ALTER COLUMN "warehouse_id" SET NOT NULL;
