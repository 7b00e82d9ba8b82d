-- in_transaction: no
ALTER TABLE metrics ADD CONSTRAINT metrics_value_nn CHECK (value IS NOT NULL) NOT VALID;
ALTER TABLE metrics_2023 VALIDATE CONSTRAINT metrics_value_nn;
ALTER TABLE metrics_2024 VALIDATE CONSTRAINT metrics_value_nn;
ALTER TABLE metrics VALIDATE CONSTRAINT metrics_value_nn;
ALTER TABLE metrics ALTER COLUMN value SET NOT NULL;
