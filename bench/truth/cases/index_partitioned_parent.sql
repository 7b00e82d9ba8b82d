-- in_transaction: no
CREATE INDEX events_customer_idx ON events (customer_id);
