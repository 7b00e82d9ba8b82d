-- in_transaction: yes
ALTER TABLE customers ADD COLUMN phone varchar(20);
