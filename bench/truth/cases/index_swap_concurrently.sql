-- in_transaction: no
CREATE INDEX CONCURRENTLY orders_customer_placed ON orders (customer_id, placed_at DESC);
DROP INDEX CONCURRENTLY orders_customer;
ALTER INDEX orders_customer_placed RENAME TO orders_customer;
