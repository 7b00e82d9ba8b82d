-- in_transaction: no
SET lock_timeout = '2s';
ALTER TABLE plans ADD COLUMN rank int;
COMMIT;
