-- in_transaction: yes
-- setup: ALTER TABLE orders ADD CONSTRAINT warehouse_set CHECK (warehouse_id IS NOT NULL) NOT VALID;
ALTER TABLE orders ALTER COLUMN warehouse_id SET NOT NULL;
