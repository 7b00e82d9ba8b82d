-- in_transaction: no
create index if not exists orders_open on orders (placed_at) include (total) where status = 'pending';
