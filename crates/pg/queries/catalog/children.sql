-- The partitions, or inheriting tables, directly below the relation with oid $1:
-- how many, and the first 20 in order of their names.
SELECT json_strip_nulls(json_build_object(
    'name', format('%I.%I', n.nspname, c.relname),
    'bound', pg_get_expr(c.relpartbound, c.oid),
    'partitioned_by', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
    'rows', CASE WHEN c.reltuples >= 0 AND NOT (c.reltuples = 0 AND c.relpages = 0) THEN c.reltuples::bigint END,
    'detach_pending', CASE WHEN c.detaching THEN true END,
    'total', c.total
))
FROM (
    SELECT c.*, to_jsonb(i) ->> 'inhdetachpending' = 'true' AS detaching, count(*) OVER () AS total
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = $1::oid AND c.relkind NOT IN ('i', 'I')
    ORDER BY c.relname
    LIMIT 20
) c
JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY c.relname;
