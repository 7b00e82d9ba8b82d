-- in_transaction: yes
ALTER TABLE customers ALTER COLUMN login TYPE varchar(100);
