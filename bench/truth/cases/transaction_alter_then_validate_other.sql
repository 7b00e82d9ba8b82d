-- in_transaction: yes
-- setup: ALTER TABLE order_items ADD CONSTRAINT item_product FOREIGN KEY (product_id) REFERENCES products (id) NOT VALID;
ALTER TABLE products ADD COLUMN season text;
ALTER TABLE order_items VALIDATE CONSTRAINT item_product;
