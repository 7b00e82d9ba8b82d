-- The relations themselves. {which} is an array of OIDs.
SELECT
    c.oid,
    n.nspname,
    c.relname,
    c.relkind,
    c.relhassubclass,
    -- Types of columns that are not built in.
    (SELECT pg_catalog.string_agg(DISTINCT a.atttypid::pg_catalog.text, ' ')
     FROM pg_catalog.pg_attribute AS a
     WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
       AND a.attnum OPERATOR(pg_catalog.>) 0
       AND a.atttypid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
       AND NOT a.attisdropped),
    f.srvname,
    c.reltype
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN pg_catalog.pg_foreign_table AS t ON t.ftrelid OPERATOR(pg_catalog.=) c.oid
LEFT JOIN pg_catalog.pg_foreign_server AS f ON f.oid OPERATOR(pg_catalog.=) t.ftserver
WHERE c.oid OPERATOR(pg_catalog.=) ANY ({which})
