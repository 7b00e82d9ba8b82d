-- in_transaction: yes
-- First half of a rename: both names, kept in step.
ALTER TABLE products ADD COLUMN title text;
CREATE FUNCTION products_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.title := NEW.name;
    RETURN NEW;
END $$;
CREATE TRIGGER products_title BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION products_title();
