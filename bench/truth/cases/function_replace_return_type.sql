-- in_transaction: yes
CREATE OR REPLACE FUNCTION price_with_vat(net numeric, rate numeric) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
    SELECT (net * (1 + rate / 100))::double precision
$$;
