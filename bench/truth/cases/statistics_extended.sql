-- in_transaction: no
CREATE STATISTICS orders_channel_warehouse (dependencies) ON channel, warehouse_id FROM orders;
ANALYZE orders;
