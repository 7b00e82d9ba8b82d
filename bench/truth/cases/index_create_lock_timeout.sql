-- in_transaction: no
SET lock_timeout = '5s';
create index idx_order_items_sku on public.order_items using btree (sku);
