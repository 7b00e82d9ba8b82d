-- in_transaction: no
CREATE PROCEDURE backfill_external_ref() LANGUAGE plpgsql AS $$
DECLARE
    at bigint := 0;
    top bigint;
BEGIN
    SELECT max(id) INTO top FROM orders;
    WHILE at < top LOOP
        UPDATE orders SET external_ref = 'X' || id WHERE id > at AND id <= at + 200;
        COMMIT;
        at := at + 200;
    END LOOP;
END $$;
CALL backfill_external_ref();
DROP PROCEDURE backfill_external_ref();
