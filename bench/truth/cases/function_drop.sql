-- in_transaction: yes
DROP FUNCTION price_with_vat(numeric, numeric);
