-- in_transaction: yes
ALTER TABLE order_items ALTER COLUMN unit_price TYPE numeric(14,4);
