-- in_transaction: yes
DO $$
DECLARE
    n bigint;
BEGIN
    LOOP
        UPDATE sessions SET data = NULL WHERE id IN (SELECT id FROM sessions WHERE data IS NOT NULL LIMIT 5000);
        GET DIAGNOSTICS n = ROW_COUNT;
        EXIT WHEN n = 0;
    END LOOP;
END $$;
