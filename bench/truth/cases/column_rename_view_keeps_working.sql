-- in_transaction: yes
ALTER VIEW active_customers RENAME COLUMN status TO state;
