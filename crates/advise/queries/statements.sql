-- What pg_stat_statements knows of this database, what takes longest first. Other roles' texts are hidden from
-- those who may not see them.
SELECT s.query, s.calls, s.total_exec_time
FROM {schema}.pg_stat_statements s
WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  AND s.calls > 0
ORDER BY s.total_exec_time DESC, s.queryid
LIMIT 5000
