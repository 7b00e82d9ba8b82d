-- in_transaction: yes
ALTER TABLE order ADD COLUMN x int;
