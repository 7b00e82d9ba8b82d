-- in_transaction: yes
ALTER TABLE sessions ADD COLUMN seq serial;
