-- in_transaction: yes
-- setup: ALTER TABLE orders ADD CONSTRAINT orders_channel_nn CHECK (channel IS NOT NULL);
ALTER TABLE orders ALTER COLUMN channel SET NOT NULL, DROP CONSTRAINT orders_channel_nn;
