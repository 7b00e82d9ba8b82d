-- in_transaction: no
UPDATE order_items SET quantity = 1 WHERE id > 0 AND id <= 1000;
UPDATE order_items SET quantity = 1 WHERE id > 1000 AND id <= 2000;
UPDATE order_items SET quantity = 1 WHERE id > 2000 AND id <= 3000;
UPDATE order_items SET quantity = 1 WHERE id > 3000 AND id <= 4000;
