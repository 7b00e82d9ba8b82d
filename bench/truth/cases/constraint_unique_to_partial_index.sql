-- in_transaction: no
-- One live account per address; deleted ones do not count.
CREATE UNIQUE INDEX CONCURRENTLY customers_email_live ON customers (email) WHERE deleted_at IS NULL;
ALTER TABLE customers DROP CONSTRAINT customers_email_key;
