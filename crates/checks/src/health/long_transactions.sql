-- Transactions that have been open for long. $1: least age in seconds.
SELECT a.pid, quote_ident(a.usename) AS role, a.application_name AS application, quote_ident(a.datname) AS database, a.state,
       extract(epoch FROM clock_timestamp() - a.xact_start) AS age_s,
       a.backend_xid IS NOT NULL AS has_written, age(a.backend_xmin) AS xmin_age, left(a.query, 2000) AS query,
       count(*) OVER () AS total
FROM pg_stat_activity a
WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
  AND a.xact_start <= clock_timestamp() - make_interval(secs => $1::float8)
ORDER BY a.xact_start, a.pid LIMIT 100;
