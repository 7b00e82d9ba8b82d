-- in_transaction: yes
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'shipments') THEN
    RAISE EXCEPTION 'run the shipments migration first';
  END IF;
END
$$;
