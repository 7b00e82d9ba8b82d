-- in_transaction: yes
ALTER TABLE plans ADD COLUMN position serial;
