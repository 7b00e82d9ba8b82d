-- in_transaction: yes
SET LOCAL lock_timeout = '1s';
ALTER TABLE order_items ADD COLUMN id_new bigint;
CREATE FUNCTION order_items_id_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.id_new := NEW.id;
    RETURN NEW;
END $$;
CREATE TRIGGER zzz_order_items_id_new BEFORE INSERT OR UPDATE ON order_items
    FOR EACH ROW EXECUTE FUNCTION order_items_id_new();
