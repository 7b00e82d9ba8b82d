-- in_transaction: yes
ALTER TABLE metrics DETACH PARTITION metrics_2023;
