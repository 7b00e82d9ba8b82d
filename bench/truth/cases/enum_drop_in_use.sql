-- in_transaction: yes
DROP TYPE order_status;
