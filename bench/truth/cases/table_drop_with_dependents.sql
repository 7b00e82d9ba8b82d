-- in_transaction: yes
DROP TABLE customers;
