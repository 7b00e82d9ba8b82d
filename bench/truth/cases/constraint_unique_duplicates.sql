-- in_transaction: yes
ALTER TABLE "orders" ADD CONSTRAINT "uq_orders_warehouse" UNIQUE ("warehouse_id", "channel");
