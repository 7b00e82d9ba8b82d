-- in_transaction: yes
CREATE FUNCTION is_sku(t text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT t LIKE 'sku-%' $$;
ALTER TABLE products ADD CONSTRAINT products_sku_check CHECK (is_sku(sku));
