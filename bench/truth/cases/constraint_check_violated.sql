-- in_transaction: yes
ALTER TABLE billing.payments ADD CONSTRAINT amount_not_zero CHECK (amount > 0);
