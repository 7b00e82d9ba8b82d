-- in_transaction: yes
ALTER TABLE plans ALTER COLUMN id TYPE bigint;
