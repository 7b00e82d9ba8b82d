-- in_transaction: no
CREATE UNIQUE INDEX CONCURRENTLY customers_email_again ON customers (email) INCLUDE (name);
BEGIN;
SET LOCAL lock_timeout = '1s';
ALTER TABLE customers DROP CONSTRAINT customers_email_key;
ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE USING INDEX customers_email_again;
COMMIT;
