-- in_transaction: yes
CREATE OR REPLACE PROCEDURE price_with_vat(net numeric, rate numeric) LANGUAGE sql AS $$ SELECT 1 $$;
