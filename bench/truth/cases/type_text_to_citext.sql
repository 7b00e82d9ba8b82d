-- in_transaction: yes
CREATE EXTENSION IF NOT EXISTS citext;
ALTER TABLE customers ALTER COLUMN legacy_code TYPE citext;
