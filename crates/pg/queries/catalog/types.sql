-- Types by oid ($1, an oid[]), with all that their text form is made of.
WITH RECURSIVE wanted(oid) AS (
    SELECT pg_catalog.unnest($1::oid[])
  UNION
    SELECT part.oid
    FROM wanted
    JOIN pg_type t ON t.oid = wanted.oid
    CROSS JOIN LATERAL (
        SELECT t.typbasetype WHERE t.typtype = 'd'
      UNION ALL
        SELECT e.oid FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid
      UNION ALL
        SELECT a.atttypid
        FROM pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS part(oid)
    -- Below 10,000 are the built-in types, which the program knows.
    WHERE part.oid >= 10000
)
SELECT json_build_object(
    'oid', t.oid::bigint,
    'name', format_type(t.oid, NULL),
    'base', CASE WHEN t.typtype = 'd' THEN t.typbasetype::bigint END,
    'element', (SELECT e.oid::bigint FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid),
    'delimiter', t.typdelim,
    'fields', CASE WHEN t.typtype = 'c' THEN (
        SELECT coalesce(json_agg(json_build_array(a.attname, a.atttypid::bigint) ORDER BY a.attnum), '[]')
        FROM pg_attribute a
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) END
)
FROM wanted
JOIN pg_type t ON t.oid = wanted.oid;
