-- in_transaction: yes
ALTER TABLE order_items ALTER COLUMN id TYPE bigint;
