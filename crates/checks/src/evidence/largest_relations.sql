-- The relations that take most of the database, with their indexes and out-of-line values.
SELECT format('%I.%I', n.nspname, c.relname) AS name,
       (c.relpages + coalesce(i.pages, 0) + coalesce(t.relpages, 0))::float8 * b.size AS bytes,
       coalesce(i.pages, 0)::float8 * b.size AS index_bytes, coalesce(t.relpages, 0)::float8 * b.size AS toast_bytes,
       pg_stat_get_tuples_inserted(c.oid) AS inserted, pg_stat_get_tuples_deleted(c.oid) AS deleted,
       c.reltuples AS rows,
       sum((c.relpages + coalesce(i.pages, 0) + coalesce(t.relpages, 0))::float8 * b.size) OVER () AS total
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (SELECT current_setting('block_size')::float8 AS size) b
LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
LEFT JOIN (SELECT x.indrelid, sum(ic.relpages::bigint) AS pages FROM pg_index x JOIN pg_class ic ON ic.oid = x.indexrelid GROUP BY 1) i
       ON i.indrelid = c.oid
WHERE c.relkind IN ('r', 'm')
ORDER BY 2 DESC, name LIMIT 5;
