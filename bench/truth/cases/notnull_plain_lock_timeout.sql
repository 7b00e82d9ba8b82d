-- in_transaction: yes
SET LOCAL lock_timeout = '3s';
SET LOCAL statement_timeout = '60s';
alter table orders alter warehouse_id set not null;
