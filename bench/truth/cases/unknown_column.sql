-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN colour SET DEFAULT 'red';
