-- in_transaction: yes
CREATE FUNCTION keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END $$;
CREATE TRIGGER keep_history BEFORE DELETE ON order_items FOR EACH ROW EXECUTE FUNCTION keep_history();
