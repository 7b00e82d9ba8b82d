-- in_transaction: yes
DO $do$
DECLARE
    col text;
BEGIN
    FOREACH col IN ARRAY ARRAY['channel', 'currency'] LOOP
        EXECUTE format('CREATE INDEX %I ON orders (%I)', 'orders_' || col || '_i', col);
    END LOOP;
END
$do$;
