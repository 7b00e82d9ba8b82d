-- in_transaction: no
-- setup: ALTER TABLE order_items ADD COLUMN id_new bigint;
DO $$
DECLARE
    last int;
    low int := 0;
BEGIN
    SELECT max(id) INTO last FROM order_items;
    WHILE low < last LOOP
        UPDATE order_items SET id_new = id WHERE id > low AND id <= low + 500 AND id_new IS DISTINCT FROM id;
        COMMIT;
        low := low + 500;
    END LOOP;
END $$;
