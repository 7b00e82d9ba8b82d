-- How many rows the catalog supposes, how many changed since ANALYZE, and whether there ever was one.
SELECT n.nspname, c.relname, greatest(c.reltuples, 0)::float8,
       coalesce(pg_stat_get_mod_since_analyze(c.oid), 0),
       pg_stat_get_last_analyze_time(c.oid) IS NOT NULL OR pg_stat_get_last_autoanalyze_time(c.oid) IS NOT NULL
       OR EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname)
FROM unnest($1::name[], $2::name[]) AS wanted (schema, name)
JOIN pg_namespace n ON n.nspname = wanted.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
WHERE c.relkind IN ('r', 'm', 'p')
