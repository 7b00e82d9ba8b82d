-- in_transaction: yes
ALTER TABLE order_items ADD COLUMN bucket double precision DEFAULT random();
