-- in_transaction: yes
alter table order_items alter column sku type text;
