-- in_transaction: yes
CREATE FUNCTION price_with_vat(net numeric, rate numeric, rounded boolean DEFAULT true) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN rounded THEN round(net * (1 + rate / 100), 2) ELSE net * (1 + rate / 100) END
$$;
