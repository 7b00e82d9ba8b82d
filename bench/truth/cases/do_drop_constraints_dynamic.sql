-- in_transaction: yes
DO $$
DECLARE r record;
BEGIN
  FOR r IN SELECT conname FROM pg_constraint WHERE conrelid = 'customers'::regclass AND contype = 'u' LOOP
    EXECUTE format('ALTER TABLE customers DROP CONSTRAINT %I', r.conname);
  END LOOP;
END
$$;
