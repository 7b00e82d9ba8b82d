-- in_transaction: no
BEGIN;
ALTER TABLE orders ADD COLUMN flag boolean;
