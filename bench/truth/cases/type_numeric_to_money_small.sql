-- in_transaction: yes
ALTER TABLE plans ALTER COLUMN price TYPE numeric(12,4);
