-- in_transaction: yes
SET LOCAL lock_timeout = '1s';
ALTER TABLE products ADD COLUMN updated_at timestamptz;
CREATE TRIGGER products_touch BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
