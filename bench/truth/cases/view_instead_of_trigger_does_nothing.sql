-- in_transaction: yes
CREATE FUNCTION keep_active_customers() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep INSTEAD OF UPDATE ON active_customers FOR EACH ROW EXECUTE FUNCTION keep_active_customers();
