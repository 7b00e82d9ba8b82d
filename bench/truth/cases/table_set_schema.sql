-- in_transaction: yes
ALTER TABLE products SET SCHEMA billing;
