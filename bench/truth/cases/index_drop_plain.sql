-- in_transaction: no
SET lock_timeout = '1s';
DROP INDEX orders_placed;
