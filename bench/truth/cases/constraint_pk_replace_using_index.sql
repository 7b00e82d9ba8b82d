-- in_transaction: no
CREATE UNIQUE INDEX CONCURRENTLY order_items_id_new ON order_items (id);
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE order_items DROP CONSTRAINT order_items_pkey;
ALTER TABLE order_items ADD CONSTRAINT order_items_pkey PRIMARY KEY USING INDEX order_items_id_new;
COMMIT;
