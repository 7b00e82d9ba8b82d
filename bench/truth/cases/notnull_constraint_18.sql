-- in_transaction: no
ALTER TABLE order_items ADD CONSTRAINT order_items_sku_nn NOT NULL sku NOT VALID;
ALTER TABLE order_items VALIDATE CONSTRAINT order_items_sku_nn;
