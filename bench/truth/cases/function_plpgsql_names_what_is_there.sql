-- in_transaction: yes
CREATE OR REPLACE FUNCTION customer_label(who int) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  label text;
BEGIN
  SELECT coalesce(name, login) || ' <' || email || '>' INTO label FROM customers WHERE id = who;
  RETURN label;
END
$$;
