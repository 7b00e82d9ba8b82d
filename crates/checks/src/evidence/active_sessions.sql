-- What the sessions that are at work do, or wait for.
SELECT coalesce(a.wait_event_type, 'CPU') AS kind, coalesce(a.wait_event, 'at work') AS event, count(*) AS sessions,
       sum(count(*)) OVER () AS active
FROM pg_stat_activity a
WHERE a.state = 'active' AND a.backend_type IN ('client backend', 'parallel worker') AND a.pid <> pg_backend_pid()
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2;
