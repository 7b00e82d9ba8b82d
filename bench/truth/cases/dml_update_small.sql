-- in_transaction: yes
UPDATE plans SET price = price * 1.05;
