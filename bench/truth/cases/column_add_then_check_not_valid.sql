-- in_transaction: no
ALTER TABLE customers ADD COLUMN age int;
ALTER TABLE customers ADD CONSTRAINT customers_age_check CHECK (age >= 0) NOT VALID;
ALTER TABLE customers VALIDATE CONSTRAINT customers_age_check;
