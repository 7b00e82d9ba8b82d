-- in_transaction: yes
CREATE OR REPLACE FUNCTION customer_label(customer_id int) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT name FROM customers WHERE id = customer_id
$$;
