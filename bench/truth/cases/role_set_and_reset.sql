-- in_transaction: no
SET SESSION AUTHORIZATION DEFAULT;
RESET ROLE;
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN seen boolean;
