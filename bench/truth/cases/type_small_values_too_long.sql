-- in_transaction: yes
ALTER TABLE plans ALTER COLUMN code TYPE varchar(3);
