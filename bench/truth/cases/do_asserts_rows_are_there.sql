-- in_transaction: yes
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM plans WHERE code = 'plan-1') THEN
    RAISE EXCEPTION 'the plans are not loaded';
  END IF;
END
$$;
UPDATE plans SET note = 'starter' WHERE code = 'plan-1';
