-- in_transaction: yes
CREATE FUNCTION default_region() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'eu'; END $$;
ALTER TABLE customers ADD COLUMN region text DEFAULT default_region();
