-- in_transaction: no
ALTER TABLE events ADD CONSTRAINT events_customer_fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;
ALTER TABLE events VALIDATE CONSTRAINT events_customer_fk;
