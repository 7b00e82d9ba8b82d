-- in_transaction: yes
-- setup: ALTER TABLE order_items ADD COLUMN id_old int;
-- setup: UPDATE order_items SET id_old = id;
SET LOCAL lock_timeout = '1s';
ALTER TABLE order_items DROP COLUMN id_old;
