-- in_transaction: yes
DO $$
DECLARE
  plan int;
BEGIN
  SELECT id INTO STRICT plan FROM plans WHERE code = 'plan-2';
  INSERT INTO settings (key, value) VALUES ('plans.default', plan::text);
END
$$;
