-- in_transaction: yes
CREATE TABLE change_log (at timestamptz NOT NULL DEFAULT now(), what text);
GRANT INSERT ON change_log TO app_rw;
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO change_log (what) VALUES (TG_OP); RETURN NULL; END $$;
CREATE TRIGGER log_change AFTER INSERT OR UPDATE OR DELETE ON plans FOR EACH STATEMENT EXECUTE FUNCTION log_change();
