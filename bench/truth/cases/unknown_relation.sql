-- in_transaction: yes
ALTER TABLE public.shipments ADD COLUMN weight int;
