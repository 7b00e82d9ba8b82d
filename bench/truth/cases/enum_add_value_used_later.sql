-- in_transaction: no
ALTER TYPE order_status ADD VALUE 'returned';
ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'pending';
UPDATE orders SET status = 'returned' WHERE id = 99;
