-- in_transaction: yes
ALTER TABLE customers ADD COLUMN middle_name text;
