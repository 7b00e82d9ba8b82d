-- in_transaction: yes
-- setup: ALTER TABLE orders ADD CONSTRAINT orders_channel_nn CHECK (channel IS NOT NULL);
SET LOCAL lock_timeout = '1s';
ALTER TABLE orders ALTER COLUMN channel SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT orders_channel_nn;
