-- in_transaction: no
-- Dispatch asks for the orders of a warehouse.
CREATE INDEX orders_warehouse_idx ON orders (warehouse_id);
