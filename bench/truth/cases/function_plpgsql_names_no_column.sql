-- in_transaction: yes
CREATE OR REPLACE FUNCTION customer_label(who int) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT full_name || ' <' || email || '>' FROM customers WHERE id = who);
END
$$;
