-- in_transaction: yes
SET search_path = billing;
ALTER TABLE customers ADD COLUMN nickname text;
