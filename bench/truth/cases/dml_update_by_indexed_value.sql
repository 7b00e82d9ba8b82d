-- in_transaction: yes
UPDATE customers SET plan_id = 2 WHERE email = 'user77@example.com';
