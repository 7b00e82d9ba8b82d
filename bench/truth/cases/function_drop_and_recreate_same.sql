-- in_transaction: yes
DROP FUNCTION price_with_vat(numeric, numeric);
CREATE FUNCTION price_with_vat(net numeric, rate numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS
    'SELECT round(net * (1 + rate / 100), 3)';
