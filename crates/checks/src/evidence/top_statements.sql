-- The statements of this database that took most of the time.
SELECT s.query, s.calls, s.total_exec_time AS total_ms, s.mean_exec_time AS mean_ms, s.rows,
       s.shared_blks_read AS blocks_read, s.temp_blks_written AS temp_blocks,
       100.0 * s.total_exec_time / nullif(sum(s.total_exec_time) OVER (), 0) AS percent
FROM {pg_stat_statements}.pg_stat_statements s
WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
ORDER BY s.total_exec_time DESC LIMIT 5;
