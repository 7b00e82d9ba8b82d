-- Columns that hold, directly or within, a type whose values mean nothing to another version: numbers of catalog entries that
-- are given anew, types that changed on the disk, rows of system catalogs. $1: the major version that it is to become.
WITH RECURSIVE holding (type, base) AS (
    SELECT t.oid, t.oid
    FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE (n.nspname = 'pg_catalog'
           AND t.typname IN ('regcollation', 'regconfig', 'regdictionary', 'regnamespace', 'regoper', 'regoperator', 'regproc',
                             'regprocedure', 'unknown'))
       OR (n.nspname = 'pg_catalog' AND t.typname = 'aclitem' AND $1::float8 >= 16
           AND false --since 16
          )
       OR (t.typtype = 'c' AND (t.oid < 16384 OR n.nspname = 'information_schema'))
    UNION
    SELECT outer_type.oid, h.base
    FROM holding h
    CROSS JOIN LATERAL (
        SELECT d.oid FROM pg_type d WHERE d.typtype = 'd' AND d.typbasetype = h.type
        UNION ALL
        SELECT a.oid FROM pg_type a WHERE a.typtype = 'b' AND a.typelem = h.type
        UNION ALL
        SELECT c.reltype FROM pg_attribute f JOIN pg_class c ON c.oid = f.attrelid
        WHERE f.atttypid = h.type AND NOT f.attisdropped AND c.reltype <> 0
        UNION ALL
        SELECT r.rngtypid FROM pg_range r WHERE r.rngsubtype = h.type
    ) AS outer_type
)
SELECT format('%I.%I', n.nspname, c.relname) AS relation, quote_ident(a.attname) AS name, c.relkind AS kind,
       format_type(a.atttypid, a.atttypmod) AS type, format_type(h.base, NULL) AS base, b.typtype = 'c' AS is_row,
       -- Where a change of the column itself does it.
       CASE WHEN c.relkind <> 'r' OR b.typtype = 'c' THEN NULL
            WHEN a.atttypid = h.base THEN 'text'
            WHEN t.typelem = h.base AND t.typtype = 'b' THEN 'text[]'
       END AS becomes,
       coalesce((SELECT format('%I.%I', rn.nspname, root.relname) FROM pg_class root JOIN pg_namespace rn ON rn.oid = root.relnamespace
                  WHERE root.oid = pg_partition_root(c.oid)), format('%I.%I', n.nspname, c.relname)) AS of,
       count(*) OVER () AS total
FROM (SELECT held.type, min(held.base) AS base FROM holding held GROUP BY held.type) h
JOIN pg_attribute a ON a.atttypid = h.type AND NOT a.attisdropped AND a.attnum > 0
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type b ON b.oid = h.base
JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast_)?temp_'
  AND CASE c.relkind
        WHEN 'r' THEN true
        WHEN 'm' THEN true
        -- A column of a table is told of itself.
        WHEN 'i' THEN (SELECT x.indkey[a.attnum - 1] = 0 FROM pg_index x WHERE x.indexrelid = c.oid)
        ELSE false END
ORDER BY 1, a.attnum LIMIT 100;
