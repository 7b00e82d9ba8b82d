-- in_transaction: no
-- setup_fails: CREATE UNIQUE INDEX CONCURRENTLY orders_customer_channel ON orders (channel, warehouse_id);
-- A retry of last night's failed deployment.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS orders_customer_channel ON orders (channel, warehouse_id);
