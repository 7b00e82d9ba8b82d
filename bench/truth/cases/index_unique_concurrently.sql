-- in_transaction: no
create unique index concurrently orders_reference_key on orders (reference);
