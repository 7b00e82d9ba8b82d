-- VACUUMs that are under way, by autovacuum and by hand.
SELECT p.pid, coalesce(format('%I.%I', n.nspname, c.relname), quote_ident(p.datname)) AS name, p.phase,
       100.0 * p.heap_blks_scanned / nullif(p.heap_blks_total, 0) AS percent,
       a.backend_type = 'autovacuum worker' AS is_worker,
       extract(epoch FROM clock_timestamp() - a.xact_start) AS age_s,
       count(*) FILTER (WHERE a.backend_type = 'autovacuum worker') OVER () AS running,
       current_setting('autovacuum_max_workers')::float8 AS workers
FROM pg_stat_progress_vacuum p
LEFT JOIN pg_stat_activity a ON a.pid = p.pid
LEFT JOIN pg_class c ON c.oid = p.relid AND p.datname = current_database()
LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY 6 DESC NULLS LAST, p.pid;
