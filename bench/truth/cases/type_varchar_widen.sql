-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN channel TYPE varchar(50);
