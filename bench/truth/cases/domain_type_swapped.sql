-- in_transaction: yes
ALTER TABLE billing.payments ALTER COLUMN amount TYPE numeric(12,2);
