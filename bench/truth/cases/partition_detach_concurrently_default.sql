-- in_transaction: no
ALTER TABLE events DETACH PARTITION events_2023 CONCURRENTLY;
