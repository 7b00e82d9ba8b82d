-- in_transaction: no
ALTER TABLE events_2023 ADD CONSTRAINT events_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
ALTER TABLE events_2023 VALIDATE CONSTRAINT events_customer_fk;
ALTER TABLE events_2024 ADD CONSTRAINT events_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
ALTER TABLE events_2024 VALIDATE CONSTRAINT events_customer_fk;
ALTER TABLE events_other ADD CONSTRAINT events_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
ALTER TABLE events_other VALIDATE CONSTRAINT events_customer_fk;
SET lock_timeout = '1s';
ALTER TABLE events ADD CONSTRAINT events_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id);
