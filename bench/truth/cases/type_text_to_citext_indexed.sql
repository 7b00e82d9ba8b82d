-- in_transaction: yes
-- setup: CREATE INDEX customers_legacy ON customers (legacy_code);
CREATE EXTENSION IF NOT EXISTS citext;
ALTER TABLE customers ALTER COLUMN legacy_code TYPE citext;
