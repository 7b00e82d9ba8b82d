-- Everything that keeps VACUUM from taking away rows of this database, with how far back it holds,
-- and the dead tuples that a VACUUM had to leave since.
WITH tables AS (
    SELECT pg_stat_get_dead_tuples(c.oid) AS dead,
           greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)) AS vacuumed
    FROM pg_class c WHERE c.relkind IN ('r', 'm', 't') AND pg_stat_get_dead_tuples(c.oid) > 0
), holders AS (
    SELECT CASE WHEN a.backend_type = 'walsender' THEN 'standby' ELSE 'session' END AS kind,
           a.pid::text AS name, quote_ident(a.usename) AS role, a.application_name AS application, a.state,
           greatest(age(a.backend_xmin), age(a.backend_xid)) AS xids, a.xact_start AS since, left(a.query, 2000) AS query
    FROM pg_stat_activity a
    WHERE (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL) AND a.pid <> pg_backend_pid()
      AND (a.datname = current_database() OR a.backend_type = 'walsender')
      AND a.backend_type IN ('client backend', 'walsender')
      AND a.pid NOT IN (SELECT p.pid FROM pg_stat_progress_vacuum p)
    UNION ALL
    SELECT 'prepared', quote_literal(p.gid), quote_ident(p.owner), NULL, NULL, age(p.transaction), p.prepared, NULL
    FROM pg_prepared_xacts p WHERE p.database = current_database()
    UNION ALL
    SELECT 'slot', quote_literal(s.slot_name), NULL, s.slot_type, CASE WHEN s.active THEN 'active' ELSE 'inactive' END,
           greatest(age(s.xmin), age(s.catalog_xmin)), NULL, NULL
    FROM pg_replication_slots s WHERE s.xmin IS NOT NULL OR s.catalog_xmin IS NOT NULL
)
SELECT h.kind, h.name, h.role, h.application, h.state, h.xids, h.query,
       extract(epoch FROM clock_timestamp() - h.since) AS age_s,
       (SELECT sum(t.dead) FROM tables t WHERE t.vacuumed > h.since) AS left_dead,
       count(*) OVER () AS total
FROM holders h
ORDER BY h.xids DESC NULLS LAST, h.name LIMIT 100;
