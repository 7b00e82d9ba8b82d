-- Idle sessions by client: pools that are larger than their work.
SELECT quote_ident(a.usename) AS role, coalesce(nullif(a.application_name, ''), '(no name)') AS application,
       coalesce(host(a.client_addr), 'socket') AS address,
       count(*) AS sessions, count(*) FILTER (WHERE a.state = 'idle') AS idle,
       count(*) FILTER (WHERE a.state = 'active') AS active,
       max(extract(epoch FROM clock_timestamp() - a.state_change)) FILTER (WHERE a.state = 'idle') AS longest_idle_s,
       current_setting('max_connections')::float8 AS max
FROM pg_stat_activity a
WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 1, 2, 3 LIMIT 20;
