-- in_transaction: no
CREATE UNIQUE INDEX CONCURRENTLY orders_reference_unique ON orders (reference);
SET lock_timeout = '1s';
ALTER TABLE orders ADD CONSTRAINT orders_reference_unique UNIQUE USING INDEX orders_reference_unique;
