-- in_transaction: yes
LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE;
CREATE TABLE snapshot_of_orders AS SELECT id, total FROM orders;
