-- in_transaction: yes
-- The catalogue is smaller than the numbers in use.
ALTER TABLE sessions ADD CONSTRAINT sessions_plan_fk FOREIGN KEY (customer_id) REFERENCES plans (id);
