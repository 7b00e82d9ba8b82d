-- in_transaction: yes
UPDATE plans SET code = 'starter', price = 0 WHERE code = 'plan-1';
