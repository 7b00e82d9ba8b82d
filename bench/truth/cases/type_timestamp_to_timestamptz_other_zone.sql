-- in_transaction: yes
SET LOCAL timezone = 'Europe/Amsterdam';
ALTER TABLE orders ALTER COLUMN shipped_at TYPE timestamptz;
