-- in_transaction: yes
UPDATE billing.payments SET amount = -5 WHERE id = 51;
