-- in_transaction: yes
UPDATE orders SET channel = 'web' WHERE id < 0;
