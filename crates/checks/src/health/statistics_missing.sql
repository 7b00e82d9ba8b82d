-- Tables with rows of which the planner knows nothing. $1: least number of rows.
WITH suspect AS MATERIALIZED (
    SELECT n.nspname, c.relname, c.relkind = 'p' AS is_partitioned, r.rows
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT CASE WHEN c.relkind <> 'p' THEN greatest(pg_stat_get_live_tuples(c.oid), c.reltuples)
                    ELSE (SELECT sum(greatest(pg_stat_get_live_tuples(p.relid), 0)) FROM pg_partition_tree(c.oid) p WHERE p.isleaf)
               END AS rows) r
    WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND r.rows >= $1::float8
      AND pg_stat_get_last_analyze_time(c.oid) IS NULL AND pg_stat_get_last_autoanalyze_time(c.oid) IS NULL
      AND has_any_column_privilege(c.oid, 'SELECT')
    ORDER BY r.rows DESC LIMIT 1000
)
SELECT format('%I.%I', t.nspname, t.relname) AS name, t.rows, t.is_partitioned, count(*) OVER () AS total
FROM suspect t
-- Looked up for each, by the catalog's indexes: as a join it would read all statistics there are.
WHERE (SELECT s.attname FROM pg_stats s
       WHERE s.schemaname = t.nspname AND s.tablename = t.relname AND s.inherited = t.is_partitioned LIMIT 1) IS NULL
ORDER BY t.rows DESC, name LIMIT 100;
