-- in_transaction: no
CREATE INDEX CONCURRENTLY events_customer_idx ON events (customer_id);
