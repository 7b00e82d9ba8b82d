-- in_transaction: no
BEGIN;
SET LOCAL lock_timeout TO '3s';
ALTER TABLE orders ADD CONSTRAINT orders_priority_range CHECK (priority BETWEEN 0 AND 9) NOT VALID;
COMMIT;
BEGIN;
ALTER TABLE orders VALIDATE CONSTRAINT orders_priority_range;
COMMIT;
