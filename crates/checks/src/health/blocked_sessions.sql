-- Sessions that wait for a lock, each with those it waits for.
WITH locks AS MATERIALIZED (SELECT * FROM pg_locks)
SELECT w.pid, quote_ident(a.usename) AS role, a.application_name AS application, a.state,
       pg_blocking_pids(w.pid) AS blockers, w.relation, w.mode,
       extract(epoch FROM clock_timestamp() - coalesce(w.since, a.query_start)) AS wait_s,
       extract(epoch FROM clock_timestamp() - a.xact_start) AS open_s,
       left(a.query, 2000) AS query, NULL AS gid, NULL AS database
FROM (
      SELECT l.pid, NULL::timestamptz AS since, --before 14
      SELECT l.pid, min(l.waitstart) AS since, --since 14
             min(CASE WHEN l.database = d.oid OR l.database = 0 THEN l.relation::regclass::text END) AS relation,
             min(l.mode) AS mode
      FROM pg_locks l CROSS JOIN (SELECT oid FROM pg_database WHERE datname = current_database()) d
      WHERE NOT l.granted GROUP BY l.pid) w
JOIN pg_stat_activity a ON a.pid = w.pid
UNION ALL
-- Those who block and do not wait themselves are the roots.
SELECT a.pid, quote_ident(a.usename), a.application_name, a.state, '{}', NULL, NULL, NULL,
       extract(epoch FROM clock_timestamp() - a.xact_start), left(a.query, 2000), NULL, NULL
FROM pg_stat_activity a
WHERE a.pid IN (SELECT unnest(pg_blocking_pids(l.pid)) FROM pg_locks l WHERE NOT l.granted)
  AND a.pid NOT IN (SELECT l.pid FROM pg_locks l WHERE NOT l.granted)
UNION ALL
-- Of a prepared transaction, which is process 0 to those who wait for it, the locks tell which it is.
SELECT 0, quote_ident(p.owner), NULL, 'prepared', '{}', NULL, NULL, NULL,
       extract(epoch FROM clock_timestamp() - p.prepared), NULL, quote_literal(p.gid),
       CASE WHEN p.database <> current_database() THEN quote_ident(p.database) END
FROM pg_prepared_xacts p
WHERE EXISTS (SELECT FROM locks own
              JOIN locks h ON h.virtualtransaction = own.virtualtransaction AND h.granted AND h.pid IS NULL
              JOIN locks w ON NOT w.granted
                AND (w.locktype, w.database, w.relation, w.page, w.tuple, w.transactionid, w.classid, w.objid, w.objsubid)
                    IS NOT DISTINCT FROM
                    (h.locktype, h.database, h.relation, h.page, h.tuple, h.transactionid, h.classid, h.objid, h.objsubid)
              WHERE own.pid IS NULL AND own.transactionid = p.transaction)
ORDER BY 1, gid;
