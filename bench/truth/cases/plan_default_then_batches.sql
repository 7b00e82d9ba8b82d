-- in_transaction: no
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN region text;
ALTER TABLE orders ALTER COLUMN region SET DEFAULT 'eu';
UPDATE orders SET region = 'eu' WHERE id BETWEEN 1 AND 500 AND region IS NULL;
UPDATE orders SET region = 'eu' WHERE id BETWEEN 501 AND 1000 AND region IS NULL;
