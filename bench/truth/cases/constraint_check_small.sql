-- in_transaction: yes
ALTER TABLE plans ADD CONSTRAINT plans_price_check CHECK (price >= 0);
