-- in_transaction: no
CREATE INDEX orders_warehouse_idx ON orders (warehouse_id);
