-- Statements whose time varies far more than their work.
SELECT s.query, s.calls, s.mean_exec_time AS mean_ms, s.stddev_exec_time AS deviation_ms, s.max_exec_time AS max_ms,
       s.min_exec_time AS min_ms
FROM {pg_stat_statements}.pg_stat_statements s
WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  AND s.calls >= $1::float8 AND s.max_exec_time >= $2::float8 AND s.max_exec_time >= $3::float8 * greatest(s.mean_exec_time, 0.001)
ORDER BY s.max_exec_time DESC LIMIT 5;
