-- The composite type $1: its attributes, the typed tables of it, and the columns in which values of it are stored.
WITH RECURSIVE composite AS (
    SELECT t.oid, t.typrelid FROM pg_catalog.pg_type t WHERE t.oid = to_regtype($1) AND t.typtype = 'c'
), made_of (oid) AS (
    SELECT oid FROM composite
    UNION
    SELECT n.oid
    FROM made_of m
    CROSS JOIN LATERAL (
        SELECT t.oid FROM pg_catalog.pg_type t WHERE m.oid IN (t.typbasetype, t.typelem)
        UNION ALL
        SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = m.oid
        UNION ALL
        SELECT c.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'c'
        WHERE a.atttypid = m.oid AND NOT a.attisdropped
    ) AS n
)
SELECT json_build_object(
    'attributes', (SELECT coalesce(json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)), '{}') FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = composite.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
    'tables', (SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname) ORDER BY n.nspname, c.relname), '[]')
               FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.reloftype = composite.oid),
    'bytes', (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_catalog.pg_class c WHERE c.reloftype = composite.oid),
    'columns', (SELECT coalesce(json_agg(format('%s.%I', c.oid::regclass, a.attname) ORDER BY c.oid::regclass::text, a.attnum), '[]')
                FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm')
                WHERE a.atttypid IN (SELECT oid FROM made_of) AND a.attnum > 0 AND NOT a.attisdropped)
)::text
FROM composite
