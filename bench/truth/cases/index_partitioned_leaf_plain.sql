-- in_transaction: no
CREATE INDEX metrics_name_idx ON ONLY metrics (name);
CREATE INDEX metrics_2023_name_idx ON metrics_2023 (name);
ALTER INDEX metrics_name_idx ATTACH PARTITION metrics_2023_name_idx;
CREATE INDEX metrics_2024_name_idx ON metrics_2024 (name);
ALTER INDEX metrics_name_idx ATTACH PARTITION metrics_2024_name_idx;
