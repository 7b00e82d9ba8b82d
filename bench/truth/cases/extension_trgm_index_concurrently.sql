-- in_transaction: no
create extension if not exists pg_trgm;
create index concurrently products_name_trgm on products using gin (name gin_trgm_ops);
