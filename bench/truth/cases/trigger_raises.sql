-- in_transaction: yes
CREATE FUNCTION no_deletes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'products are never deleted';
END $$;
CREATE TRIGGER no_deletes BEFORE DELETE ON products FOR EACH STATEMENT EXECUTE FUNCTION no_deletes();
