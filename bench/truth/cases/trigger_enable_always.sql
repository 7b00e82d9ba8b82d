-- in_transaction: yes
-- setup: CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
-- setup: CREATE TRIGGER refuse BEFORE DELETE ON plans FOR EACH ROW EXECUTE FUNCTION refuse();
-- setup: ALTER TABLE plans DISABLE TRIGGER refuse;
ALTER TABLE plans ENABLE TRIGGER refuse;
