-- How often a block was found in shared buffers, since the counters began.
SELECT d.blks_hit AS hit, d.blks_read AS read,
       100.0 * d.blks_hit / nullif(d.blks_hit + d.blks_read, 0) AS percent,
       current_setting('shared_buffers') AS shared_buffers
FROM pg_stat_database d WHERE d.datname = current_database();
