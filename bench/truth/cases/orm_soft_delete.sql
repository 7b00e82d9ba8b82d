-- in_transaction: yes
ALTER TABLE products ADD COLUMN deleted_at timestamptz;
CREATE VIEW live_products AS SELECT * FROM products WHERE deleted_at IS NULL;
GRANT SELECT ON live_products TO app_ro, app_rw;
