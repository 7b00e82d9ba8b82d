-- in_transaction: yes
SET LOCAL lock_timeout = '2s';
ALTER TABLE metrics ATTACH PARTITION metrics_2022 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
