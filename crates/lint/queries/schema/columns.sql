-- The columns of the relations that are reviewed. A partition's are those of its parent.
-- Domains are shown by name, and judged by the type below them.
SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), b.typname,
       b.typnamespace = 'pg_catalog'::regnamespace, b.typtype, b.oid,
       CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,
       a.attnotnull OR t.typnotnull, a.attidentity, a.attgenerated,
       CASE WHEN a.atthasdef THEN pg_get_expr(d.adbin, d.adrelid) END,
       EXISTS (SELECT FROM pg_description x
               WHERE x.classoid = 'pg_class'::regclass AND x.objoid = a.attrelid AND x.objsubid = a.attnum),
       a.attcollation
FROM chosen c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE NOT c.relispartition
ORDER BY a.attrelid, a.attnum;
