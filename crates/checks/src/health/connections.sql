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
           GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5) t) AS by_client,
       -- Roles and databases with a limit of their own. One of a single session is a lock rather than a limit.
       (SELECT json_agg(json_build_array(l.kind, l.name, l.used, l.max) ORDER BY l.used::float8 / l.max DESC, l.name) FROM (
           SELECT 'role' AS kind, quote_ident(r.rolname) AS name, r.rolconnlimit AS max,
                  (SELECT count(*) FROM pg_stat_activity a
                   WHERE a.usesysid = r.oid AND coalesce(a.backend_type, 'client backend') = 'client backend') AS used
           FROM pg_roles r WHERE r.rolconnlimit > 1 AND NOT r.rolsuper
           UNION ALL
           SELECT 'database', quote_ident(d.datname), d.datconnlimit,
                  (SELECT count(*) FROM pg_stat_activity a
                   WHERE a.datid = d.oid AND coalesce(a.backend_type, 'client backend') = 'client backend')
           FROM pg_database d WHERE d.datconnlimit > 1) l) AS limits;
