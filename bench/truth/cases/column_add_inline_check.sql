-- in_transaction: yes
ALTER TABLE customers ADD COLUMN age int CHECK (age >= 0);
