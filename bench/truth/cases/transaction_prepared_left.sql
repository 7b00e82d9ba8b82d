-- in_transaction: no
BEGIN;
ALTER TABLE plans ADD COLUMN rank int;
PREPARE TRANSACTION 'rank';
