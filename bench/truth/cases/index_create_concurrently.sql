-- in_transaction: no
CREATE INDEX CONCURRENTLY orders_warehouse_idx ON orders (warehouse_id);
