-- in_transaction: no
UPDATE orders SET discount = 0 WHERE discount IS NULL;
ALTER TABLE orders ADD CONSTRAINT discount_nn CHECK (discount IS NOT NULL) NOT VALID;
