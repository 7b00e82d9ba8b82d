-- in_transaction: yes
-- setup: ALTER TABLE order_items ADD CONSTRAINT sku_given CHECK (NOT (sku IS NULL));
ALTER TABLE order_items ALTER COLUMN sku SET NOT NULL;
