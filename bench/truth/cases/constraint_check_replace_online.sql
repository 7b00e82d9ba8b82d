-- in_transaction: no
ALTER TABLE orders ADD CONSTRAINT orders_total_check_v2 CHECK (total >= 0 AND total < 1000000) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check_v2;
ALTER TABLE orders DROP CONSTRAINT orders_total_check;
ALTER TABLE orders RENAME CONSTRAINT orders_total_check_v2 TO orders_total_check;
