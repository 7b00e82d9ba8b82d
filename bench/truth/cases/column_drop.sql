-- in_transaction: yes
ALTER TABLE customers DROP COLUMN legacy_code;
