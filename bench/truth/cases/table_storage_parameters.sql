-- in_transaction: yes
ALTER TABLE orders SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE orders SET (toast.autovacuum_enabled = true);
