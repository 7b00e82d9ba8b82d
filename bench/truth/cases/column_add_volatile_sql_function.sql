-- in_transaction: yes
CREATE FUNCTION default_region() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT 'eu'::text $$;
ALTER TABLE customers ADD COLUMN region text DEFAULT default_region();
