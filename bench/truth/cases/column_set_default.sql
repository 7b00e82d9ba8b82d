-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN channel SET DEFAULT 'web';
