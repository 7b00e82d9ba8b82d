-- in_transaction: no
DO $$
DECLARE
    top int := (SELECT max(id) FROM customers);
    at int := 0;
BEGIN
    LOOP
        UPDATE customers SET score = coalesce(score, 0) WHERE id > at AND id <= at + 2500;
        at := at + 2500;
        EXIT WHEN at >= top;
    END LOOP;
END
$$;
