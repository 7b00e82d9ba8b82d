-- Large tables that are read from end to end. $1: least rows a scan read, $2: least rows read in all.
SELECT format('%I.%I', n.nspname, c.relname) AS name, s.scans, s.tuples, s.tuples / nullif(s.scans, 0) AS per_scan,
       c.relpages::bigint * current_setting('block_size')::bigint AS bytes
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_stat_get_numscans(c.oid)::float8 AS scans, pg_stat_get_tuples_returned(c.oid)::float8 AS tuples) s
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND s.tuples >= $2::float8 AND s.tuples >= $1::float8 * greatest(s.scans, 1)
ORDER BY s.tuples DESC, name LIMIT 20;
