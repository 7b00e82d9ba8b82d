-- in_transaction: no
UPDATE orders SET discount = 0 WHERE id IN (SELECT id FROM orders WHERE discount IS NULL ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED);
UPDATE orders SET discount = 0 WHERE id IN (SELECT id FROM orders WHERE discount IS NULL ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED);
