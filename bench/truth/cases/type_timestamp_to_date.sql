-- in_transaction: yes
ALTER TABLE orders ALTER COLUMN shipped_at TYPE date;
