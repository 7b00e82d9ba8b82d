-- in_transaction: yes
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
CREATE TRIGGER refuse BEFORE UPDATE ON plans FOR EACH ROW WHEN (new.price < 0) EXECUTE FUNCTION refuse();
