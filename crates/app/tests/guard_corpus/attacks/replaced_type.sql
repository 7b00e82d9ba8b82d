-- A domain of the system that somebody added a check to.
-- database: replaced_type

-- setup: check
CREATE FUNCTION h.check_number(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
ALTER DOMAIN information_schema.cardinal_number ADD CONSTRAINT planted CHECK (h.check_number(VALUE)) NOT VALID;

-- name: cast
SELECT 1::information_schema.cardinal_number
-- name: view
SELECT ordinal_position FROM information_schema.columns LIMIT 1
