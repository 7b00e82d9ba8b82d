-- Tables of which much has changed since they were analysed. $1: least share in percent, $2: least number of rows.
SELECT format('%I.%I', n.nspname, c.relname) AS name, s.changed, s.rows,
       100.0 * s.changed / greatest(s.rows, 1) AS percent,
       extract(epoch FROM clock_timestamp() - greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)))::bigint AS analyzed_s,
       count(*) OVER () AS total
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_stat_get_mod_since_analyze(c.oid) AS changed, greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 0) AS rows) s
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) IS NOT NULL
  AND s.changed >= $2::float8 AND 100.0 * s.changed >= $1::float8 * greatest(s.rows, 1)
ORDER BY percent DESC, name LIMIT 100;
