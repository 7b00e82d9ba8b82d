-- in_transaction: yes
CREATE OR REPLACE FUNCTION customer_label(who int) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(name, login) || ' <' || email || '>' FROM customers WHERE id = who
$$;
