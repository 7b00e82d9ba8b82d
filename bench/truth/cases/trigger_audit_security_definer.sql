-- in_transaction: yes
CREATE TABLE stock_log (product_id int, stock int, at timestamptz DEFAULT now());
CREATE FUNCTION stock_log() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
    INSERT INTO stock_log (product_id, stock) VALUES (NEW.id, NEW.stock);
    RETURN NULL;
END $$;
CREATE TRIGGER stock_log AFTER UPDATE OF stock ON products FOR EACH ROW EXECUTE FUNCTION stock_log();
