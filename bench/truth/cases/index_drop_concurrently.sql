-- in_transaction: no
drop index concurrently if exists public.products_category;
