-- in_transaction: yes
ALTER TABLE order_items ADD FOREIGN KEY (sku) REFERENCES orders (reference) NOT VALID;
