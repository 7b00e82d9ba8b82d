-- in_transaction: yes
SET LOCAL lock_timeout = '2s';
ALTER INDEX orders_placed RENAME TO index_orders_on_placed_at;
