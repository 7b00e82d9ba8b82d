-- in_transaction: yes
ALTER FUNCTION price_with_vat(numeric, numeric) SECURITY DEFINER;
