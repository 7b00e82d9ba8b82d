-- in_transaction: no
SET lock_timeout = '2s';
CREATE TABLE metrics_rest PARTITION OF metrics DEFAULT;
CREATE TABLE metrics_late PARTITION OF metrics FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');
