-- Columns whose number of distinct values was set by hand and is not what the statistics say; of tables with rows alone,
-- and of columns that the role may see the statistics of.
WITH given AS MATERIALIZED (
    SELECT a.attrelid, a.attnum, a.attname, o.option_name, o.option_value
    FROM pg_attribute a
    CROSS JOIN LATERAL pg_options_to_table(a.attoptions) o
    WHERE a.attoptions IS NOT NULL AND NOT a.attisdropped
      AND o.option_name IN ('n_distinct', 'n_distinct_inherited') AND o.option_value::float4 <> 0
)
SELECT format('%I.%I', n.nspname, c.relname) AS table, quote_ident(g.attname) AS column, g.option_value AS wanted,
       s.n_distinct AS now, count(*) OVER () AS total
FROM given g
JOIN pg_class c ON c.oid = g.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT s.n_distinct FROM pg_stats s
    WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = g.attname
      AND s.inherited = (g.option_name = 'n_distinct_inherited')
    OFFSET 0) s ON true
WHERE c.reltuples > 0 AND has_column_privilege(c.oid, g.attnum, 'SELECT')
  AND s.n_distinct IS DISTINCT FROM g.option_value::float4
ORDER BY 1, 2 LIMIT 100;
