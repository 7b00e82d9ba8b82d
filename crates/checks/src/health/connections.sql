-- How many clients there are and how many there may be. A role that does not see the sessions of
-- others knows the numbers of the databases, which include the server's own workers.
SELECT (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend') AS clients,
       (SELECT sum(d.numbackends) FROM pg_stat_database d) AS backends,
       current_setting('max_connections')::int AS max,
       current_setting('superuser_reserved_connections')::int
         + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend' AND a.state = 'idle') AS idle,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend' AND a.state = 'active') AS active,
       (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend' AND a.state LIKE 'idle in transaction%') AS idle_in_transaction,
       (SELECT json_object_agg(t.who, t.number) FROM (
           SELECT concat_ws(' / ', a.usename, nullif(a.application_name, '')) AS who, count(*) AS number
           FROM pg_stat_activity a WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
           GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5) t) AS by_client;
