-- in_transaction: yes
UPDATE orders SET total = -1 WHERE id = 31;
