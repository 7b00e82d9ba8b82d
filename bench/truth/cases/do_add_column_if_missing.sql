-- in_transaction: yes
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'customers' AND column_name = 'nickname') THEN
    ALTER TABLE customers ADD COLUMN nickname text;
  END IF;
END
$$;
