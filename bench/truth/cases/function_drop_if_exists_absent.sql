-- in_transaction: yes
DROP FUNCTION IF EXISTS price_with_vat(text);
