-- in_transaction: yes
DROP INDEX CONCURRENTLY orders_placed;
