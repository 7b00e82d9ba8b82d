-- in_transaction: yes
SET search_path = billing;
ALTER TABLE payments ADD COLUMN provider text;
