-- Tables with many dead tuples. $1: least share in percent, $2: least number.
SELECT c.oid::regclass IS NOT NULL AS is_there, format('%I.%I', n.nspname, c.relname) AS name, s.dead, s.live,
       100.0 * s.dead / nullif(s.dead + s.live, 0) AS percent,
       extract(epoch FROM clock_timestamp() - greatest(pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid)))::bigint AS vacuumed_s,
       (SELECT p.phase FROM pg_stat_progress_vacuum p WHERE p.relid = c.oid LIMIT 1) AS phase,
       count(*) OVER () AS total
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_stat_get_dead_tuples(c.oid) AS dead, pg_stat_get_live_tuples(c.oid) AS live) s
WHERE c.relkind IN ('r', 'm', 't') AND s.dead >= $2::float8 AND s.dead > 0
  AND 100.0 * s.dead >= $1::float8 * (s.dead + s.live)
ORDER BY s.dead DESC, name LIMIT 100;
