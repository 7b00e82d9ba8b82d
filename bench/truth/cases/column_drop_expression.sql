-- in_transaction: yes
-- setup: ALTER TABLE order_items ADD COLUMN twice int GENERATED ALWAYS AS (quantity * 2) STORED;
ALTER TABLE order_items ALTER COLUMN twice DROP EXPRESSION;
