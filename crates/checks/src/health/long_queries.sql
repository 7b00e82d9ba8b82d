-- Statements that have been running for long. $1: least age in seconds.
SELECT a.pid, quote_ident(a.usename) AS role, a.application_name AS application, quote_ident(a.datname) AS database,
       extract(epoch FROM clock_timestamp() - a.query_start) AS age_s,
       concat_ws(': ', a.wait_event_type, a.wait_event) AS wait, left(a.query, 2000) AS query,
       count(*) OVER () AS total
FROM pg_stat_activity a
WHERE a.backend_type = 'client backend' AND a.state = 'active' AND a.pid <> pg_backend_pid()
  AND a.query_start <= clock_timestamp() - make_interval(secs => $1::float8)
ORDER BY a.query_start, a.pid LIMIT 100;
