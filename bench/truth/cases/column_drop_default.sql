-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN currency DROP DEFAULT;
