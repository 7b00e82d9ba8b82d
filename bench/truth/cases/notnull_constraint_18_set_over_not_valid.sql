-- in_transaction: no
-- versions: 18
-- setup: ALTER TABLE order_items ADD CONSTRAINT order_items_sku_nn NOT NULL sku NOT VALID;
ALTER TABLE order_items ALTER COLUMN sku SET NOT NULL;
