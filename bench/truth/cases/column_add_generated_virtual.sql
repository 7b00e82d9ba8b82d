-- in_transaction: yes
-- versions: 18
ALTER TABLE order_items ADD COLUMN line_total numeric GENERATED ALWAYS AS (quantity * unit_price) VIRTUAL;
