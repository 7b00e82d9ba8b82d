-- Schema changes that are under way.
SELECT a.pid, quote_ident(a.usename) AS role, a.wait_event_type = 'Lock' AS is_waiting,
       extract(epoch FROM clock_timestamp() - a.query_start) AS age_s, pg_blocking_pids(a.pid) AS blockers,
       p.phase, p.blocks_total, p.blocks_done, left(a.query, 2000) AS query
FROM pg_stat_activity a
LEFT JOIN pg_stat_progress_create_index p ON p.pid = a.pid
WHERE a.state = 'active' AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
  AND a.query ~* '^\s*(alter|create|drop|reindex|cluster|truncate|refresh|vacuum\s*(\(|full)|comment|grant|revoke|lock)\M'
ORDER BY a.query_start, a.pid LIMIT 20;
