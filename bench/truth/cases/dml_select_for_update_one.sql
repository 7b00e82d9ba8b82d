-- in_transaction: yes
SELECT id FROM customers WHERE id = 5 FOR UPDATE;
UPDATE customers SET score = 1 WHERE id = 5;
