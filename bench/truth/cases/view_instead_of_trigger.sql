-- in_transaction: yes
CREATE FUNCTION write_active_customers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE customers SET name = NEW.name, email = NEW.email WHERE id = OLD.id;
  RETURN NEW;
END
$$;
CREATE TRIGGER write INSTEAD OF UPDATE ON active_customers FOR EACH ROW EXECUTE FUNCTION write_active_customers();
