-- in_transaction: yes
CREATE DOMAIN short_code AS text CHECK (length(VALUE) < 100);
ALTER TABLE plans ALTER COLUMN code TYPE short_code;
