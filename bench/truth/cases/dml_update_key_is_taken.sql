-- in_transaction: yes
UPDATE plans SET code = 'plan-1' WHERE id = 2;
