-- in_transaction: yes
alter table order_items add column line_total numeric generated always as (quantity * unit_price);
