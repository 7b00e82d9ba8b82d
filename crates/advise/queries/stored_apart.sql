-- Tables that store values apart from their rows, those with most of them first; of a partition its table.
SELECT n.nspname, c.relname
FROM (
    SELECT coalesce(pg_partition_root(h.oid), h.oid)::oid AS oid, sum(pg_relation_size(h.reltoastrelid)) AS bytes
    FROM pg_class h JOIN pg_namespace hn ON hn.oid = h.relnamespace
    WHERE h.relkind IN ('r', 'm') AND h.reltoastrelid <> 0 AND h.relpersistence <> 't'
      AND hn.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'howdah')
    GROUP BY 1) s
JOIN pg_class c ON c.oid = s.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE s.bytes > 0
ORDER BY s.bytes DESC, s.oid
LIMIT 200
