-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN id RESTART WITH 500000000;
