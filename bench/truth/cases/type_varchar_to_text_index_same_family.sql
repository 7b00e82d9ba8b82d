-- in_transaction: yes
-- setup: CREATE INDEX order_items_sku ON order_items (sku);
ALTER TABLE order_items ALTER COLUMN sku TYPE text;
