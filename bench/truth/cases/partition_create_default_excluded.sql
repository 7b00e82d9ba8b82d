-- in_transaction: no
ALTER TABLE events_other ADD CONSTRAINT not_2026 CHECK (occurred_at < '2026-01-01' OR occurred_at >= '2027-01-01') NOT VALID;
ALTER TABLE events_other VALIDATE CONSTRAINT not_2026;
SET lock_timeout = '2s';
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE events_other DROP CONSTRAINT not_2026;
