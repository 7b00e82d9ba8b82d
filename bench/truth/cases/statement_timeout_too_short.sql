-- in_transaction: no
SET lock_timeout = '1s';
SET statement_timeout = '1min';
ALTER TABLE orders SET (autovacuum_vacuum_scale_factor = 0.01, fillfactor = 90);
