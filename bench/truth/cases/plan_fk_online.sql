-- in_transaction: no
SET lock_timeout = '2s';
ALTER TABLE customers ADD CONSTRAINT customers_plan_fk FOREIGN KEY (plan_id) REFERENCES plans (id) NOT VALID;
ALTER TABLE customers VALIDATE CONSTRAINT customers_plan_fk;
