-- Tables with rows of which the planner knows nothing. $1: least number of rows.
SELECT format('%I.%I', n.nspname, c.relname) AS name, r.rows, c.relkind = 'p' AS is_partitioned,
       count(*) OVER () AS total
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT CASE WHEN c.relkind <> 'p' THEN greatest(pg_stat_get_live_tuples(c.oid), c.reltuples)
                ELSE (SELECT sum(greatest(pg_stat_get_live_tuples(p.relid), 0)) FROM pg_partition_tree(c.oid) p WHERE p.isleaf)
           END AS rows) r
WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND pg_stat_get_last_analyze_time(c.oid) IS NULL AND pg_stat_get_last_autoanalyze_time(c.oid) IS NULL
  AND has_any_column_privilege(c.oid, 'SELECT')
  AND r.rows >= $1::float8
  AND NOT EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.inherited = (c.relkind = 'p'))
ORDER BY r.rows DESC, name LIMIT 100;
