-- in_transaction: yes
alter type public.order_status add value 'draft' before 'pending';
alter table orders alter column status set default 'draft';
