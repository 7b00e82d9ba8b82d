-- in_transaction: yes
SET LOCAL lock_timeout = '500ms';
ALTER TABLE orders DROP CONSTRAINT orders_total_check;
