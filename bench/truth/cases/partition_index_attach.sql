-- in_transaction: no
CREATE INDEX metrics_name ON ONLY metrics (name);
CREATE INDEX CONCURRENTLY metrics_2023_name ON metrics_2023 (name);
ALTER INDEX metrics_name ATTACH PARTITION metrics_2023_name;
CREATE INDEX CONCURRENTLY metrics_2024_name ON metrics_2024 (name);
ALTER INDEX metrics_name ATTACH PARTITION metrics_2024_name;
