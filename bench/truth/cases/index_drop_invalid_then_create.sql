-- in_transaction: no
-- setup_fails: CREATE UNIQUE INDEX CONCURRENTLY orders_channel_warehouse ON orders (channel, warehouse_id);
DROP INDEX CONCURRENTLY IF EXISTS orders_channel_warehouse;
CREATE INDEX CONCURRENTLY orders_channel_warehouse ON orders (channel, warehouse_id);
