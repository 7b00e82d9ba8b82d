-- Tables that use the domain $1, in whatever depth, and their bytes.
WITH RECURSIVE kin AS (
    SELECT to_regtype($1)::oid AS oid
    UNION
    SELECT t.oid FROM kin k JOIN pg_catalog.pg_type t ON t.typbasetype = k.oid OR t.typelem = k.oid
       OR t.typrelid IN (SELECT a.attrelid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'c'
                         WHERE a.atttypid = k.oid)
)
SELECT DISTINCT c.oid::regclass::text, pg_relation_size(c.oid)
FROM kin k
JOIN pg_catalog.pg_attribute a ON a.atttypid = k.oid AND NOT a.attisdropped AND a.attnum > 0
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm')
WHERE pg_relation_size(c.oid) > 0
ORDER BY 1
