-- in_transaction: yes
CREATE FUNCTION price_with_vat(net numeric, country text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT net * 1.21 $$;
