-- in_transaction: no
SET lock_timeout = '2s';
CREATE UNIQUE INDEX CONCURRENTLY customers_legacy_key ON customers (legacy_code);
ALTER TABLE customers ADD CONSTRAINT customers_legacy_key UNIQUE USING INDEX customers_legacy_key;
