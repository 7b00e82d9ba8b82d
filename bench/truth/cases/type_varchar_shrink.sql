-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN reference TYPE varchar(16);
