-- in_transaction: no
CREATE INDEX events_customer_idx ON ONLY events (customer_id);
CREATE INDEX CONCURRENTLY events_2023_customer_idx ON events_2023 (customer_id);
ALTER INDEX events_customer_idx ATTACH PARTITION events_2023_customer_idx;
CREATE INDEX CONCURRENTLY events_2024_customer_idx ON events_2024 (customer_id);
ALTER INDEX events_customer_idx ATTACH PARTITION events_2024_customer_idx;
CREATE INDEX CONCURRENTLY events_other_customer_idx ON events_other (customer_id);
ALTER INDEX events_customer_idx ATTACH PARTITION events_other_customer_idx;
