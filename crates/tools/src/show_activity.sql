-- Sessions of clients and those that work for them, each with whom it waits for.
SELECT a.pid,
       coalesce(to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '') AS began,
       coalesce(a.usename, '') AS role,
       coalesce(a.datname, '') AS database,
       coalesce(a.application_name, '') AS application,
       coalesce(host(a.client_addr), '') AS client,
       coalesce(a.backend_type, '') AS kind,
       coalesce(a.state, '') AS state,
       CASE WHEN a.wait_event_type IS NOT NULL THEN a.wait_event_type || ':' || a.wait_event ELSE '' END AS wait,
       extract(epoch FROM clock_timestamp() - a.state_change) AS state_s,
       extract(epoch FROM clock_timestamp() - a.xact_start) AS transaction_s,
       CASE WHEN a.state = 'active' THEN extract(epoch FROM clock_timestamp() - a.query_start) END AS query_s,
       array_to_string(CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) END, ',') AS blockers,
       CASE WHEN a.wait_event_type = 'Lock' THEN
            (SELECT l.mode || coalesce(' on ' || CASE WHEN l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                                                      THEN l.relation::regclass::text END, ' (' || l.locktype || ')')
             FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted ORDER BY l.relation NULLS LAST LIMIT 1)
       END AS lock,
       a.query IS NOT DISTINCT FROM '<insufficient privilege>' AS is_hidden,
       left(coalesce(a.query, ''), 4000) AS query,
       count(*) OVER () AS total
FROM pg_stat_activity a
WHERE a.pid <> pg_backend_pid()
  -- The kind of a session that the role may not look into is not told; it has a role all the same.
  AND (a.backend_type IN ('client backend', 'parallel worker', 'walsender', 'autovacuum worker', 'background worker') AND a.datname IS NOT NULL
       OR a.backend_type = 'walsender' OR a.backend_type IS NULL AND a.usesysid IS NOT NULL)
ORDER BY CASE WHEN a.wait_event_type = 'Lock' THEN 0 WHEN a.state = 'active' THEN 1 WHEN a.state LIKE 'idle in%' THEN 2 ELSE 3 END,
         a.xact_start NULLS LAST, a.backend_start, a.pid
LIMIT $1::int
/* howdah */
