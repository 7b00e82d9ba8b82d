-- in_transaction: yes
DO $$
BEGIN
    FOR at IN 0..9 LOOP
        UPDATE products SET stock = stock + 1 WHERE id > at * 100 AND id <= (at + 1) * 100;
        COMMIT;
    END LOOP;
END
$$;
