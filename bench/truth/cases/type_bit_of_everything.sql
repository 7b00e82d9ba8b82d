-- in_transaction: yes
ALTER TABLE products ALTER COLUMN price TYPE numeric(12,2), ALTER COLUMN name TYPE varchar, ALTER COLUMN stock TYPE bigint;
