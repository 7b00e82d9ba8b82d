-- in_transaction: yes
-- Old rows may stay as they are.
ALTER TABLE billing.payments ADD CONSTRAINT amount_not_zero CHECK (amount > 0) NOT VALID;
