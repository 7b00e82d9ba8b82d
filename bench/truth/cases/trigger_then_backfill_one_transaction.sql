-- in_transaction: yes
ALTER TABLE products ADD COLUMN search text;
CREATE FUNCTION products_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := lower(NEW.name || ' ' || NEW.category);
    RETURN NEW;
END $$;
CREATE TRIGGER products_search BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION products_search();
UPDATE products SET search = lower(name || ' ' || category);
