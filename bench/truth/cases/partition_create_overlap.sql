-- in_transaction: yes
CREATE TABLE metrics_late_2024 PARTITION OF metrics FOR VALUES FROM ('2024-07-01') TO ('2025-02-01');
