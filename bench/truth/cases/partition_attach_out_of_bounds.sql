-- in_transaction: yes
ALTER TABLE metrics ATTACH PARTITION metrics_2022 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
