-- in_transaction: yes
CREATE DOMAIN iban AS text CHECK (VALUE ~ '^[A-Z]{2}');
ALTER DOMAIN iban ADD CONSTRAINT iban_length CHECK (length(VALUE) <= 34);
