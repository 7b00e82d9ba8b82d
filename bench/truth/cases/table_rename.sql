-- in_transaction: yes
ALTER TABLE order_items RENAME TO line_items;
