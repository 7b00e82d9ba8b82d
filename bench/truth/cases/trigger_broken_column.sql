-- in_transaction: yes
-- touch_updated_at() is there already.
CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
