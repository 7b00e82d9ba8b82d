-- in_transaction: yes
CREATE TABLE order_audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint, at timestamptz DEFAULT now());
GRANT INSERT ON order_audit TO app_rw;
CREATE FUNCTION order_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_audit (order_id) VALUES (NEW.id);
    RETURN NEW;
END $$;
CREATE TRIGGER order_audit AFTER INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION order_audit();
