-- in_transaction: no
SET lock_timeout = '2s';
ALTER TABLE public.orders ALTER COLUMN warehouse_id SET DATA TYPE bigint;
