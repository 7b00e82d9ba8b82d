-- in_transaction: yes
DO $$
DECLARE t regclass;
BEGIN
  FOR t IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'billing'::regnamespace AND c.relkind = 'r' LOOP
    EXECUTE format('GRANT SELECT ON %s TO app_ro', t);
  END LOOP;
END
$$;
