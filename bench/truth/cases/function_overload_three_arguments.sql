-- in_transaction: yes
CREATE FUNCTION price_with_vat(net numeric, rate numeric, digits int) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT round(net * (1 + rate / 100), digits)
$$;
