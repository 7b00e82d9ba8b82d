-- in_transaction: yes
WITH late AS (SELECT id FROM orders WHERE shipped_at > placed_at)
UPDATE orders SET priority = 2 FROM late WHERE late.id = orders.id;
