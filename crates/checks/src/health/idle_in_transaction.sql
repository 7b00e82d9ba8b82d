-- Sessions that have a transaction open and do nothing. $1: least time in seconds.
SELECT a.pid, quote_ident(a.usename) AS role, a.application_name AS application, quote_ident(a.datname) AS database, a.state,
       extract(epoch FROM clock_timestamp() - a.state_change) AS idle_s,
       extract(epoch FROM clock_timestamp() - a.xact_start) AS open_s,
       (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation') AS locks,
       left(a.query, 2000) AS query, count(*) OVER () AS total
FROM pg_stat_activity a
WHERE a.state LIKE 'idle in transaction%' AND a.pid <> pg_backend_pid()
  AND a.state_change <= clock_timestamp() - make_interval(secs => $1::float8)
ORDER BY a.state_change, a.pid LIMIT 100;
