-- in_transaction: yes
CREATE INDEX CONCURRENTLY IF NOT EXISTS "idx_orders_channel" ON "orders" ("channel");
