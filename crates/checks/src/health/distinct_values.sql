-- Columns whose number of distinct values was set by hand and is not what the statistics say; of tables with rows alone,
-- and of columns that the role may see the statistics of.
SELECT format('%I.%I', n.nspname, c.relname) AS table, quote_ident(a.attname) AS column, o.option_value AS wanted,
       s.n_distinct AS now, count(*) OVER () AS total
FROM pg_attribute a
CROSS JOIN LATERAL pg_options_to_table(a.attoptions) o
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
     AND s.inherited = (o.option_name = 'n_distinct_inherited')
WHERE o.option_name IN ('n_distinct', 'n_distinct_inherited') AND o.option_value::float4 <> 0 AND NOT a.attisdropped
  AND c.reltuples > 0 AND has_column_privilege(c.oid, a.attnum, 'SELECT')
  AND s.n_distinct IS DISTINCT FROM o.option_value::float4
ORDER BY 1, 2 LIMIT 100;
