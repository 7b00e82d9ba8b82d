-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN discount TYPE numeric;
