-- in_transaction: no
ALTER TABLE order_items
    ADD CONSTRAINT quantity_positive CHECK (quantity > 0) NOT VALID;
ALTER TABLE order_items
    VALIDATE CONSTRAINT quantity_positive;
