-- in_transaction: yes
LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE snapshot_of_orders AS SELECT id, total, status FROM orders;
