-- Integer columns that are a key of their own and that no sequence feeds, and those that refer to a wider key, with the
-- highest value that the statistics know.
WITH keys AS MATERIALIZED (
    SELECT n.nspname, c.relname, c.reltuples, a.attname, a.atttypid, c.relkind = 'p' AS is_partitioned, NULL AS refers_to,
           CASE a.atttypid WHEN 'int2'::regtype THEN 32767 ELSE 2147483647 END::bigint AS max
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'p')
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indisunique AND i.indnkeyatts = 1 AND a.atttypid IN ('int2'::regtype, 'int4'::regtype)
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND a.attidentity = ''
      AND NOT EXISTS (
          SELECT FROM pg_attrdef def JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = def.oid
          JOIN pg_class q ON q.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND q.relkind = 'S'
          WHERE def.adrelid = a.attrelid AND def.adnum = a.attnum)
    UNION ALL
    SELECT n.nspname, c.relname, c.reltuples, a.attname, a.atttypid, c.relkind = 'p',
           format('%I.%I.%I', rn.nspname, r.relname, ra.attname),
           CASE a.atttypid WHEN 'int2'::regtype THEN 32767 ELSE 2147483647 END::bigint
    FROM pg_constraint k
    CROSS JOIN LATERAL unnest(k.conkey, k.confkey) u(number, referenced)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
    JOIN pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = u.referenced
    JOIN pg_class c ON c.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class r ON r.oid = k.confrelid
    JOIN pg_namespace rn ON rn.oid = r.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0
      AND (a.atttypid = 'int2'::regtype AND ra.atttypid IN ('int4'::regtype, 'int8'::regtype)
           OR a.atttypid = 'int4'::regtype AND ra.atttypid = 'int8'::regtype)
)
SELECT format('%I.%I.%I', k.nspname, k.relname, k.attname) AS name, format('%I.%I', k.nspname, k.relname) AS table,
       quote_ident(k.attname) AS column, format_type(k.atttypid, NULL) AS type, k.max, k.refers_to,
       s.highest, count(*) OVER () AS keys
FROM keys k
-- Looked up for each, by the catalog's indexes: as a join it would read all statistics there are.
LEFT JOIN LATERAL (
    -- Far apart and in no order they are drawn or hashed, and not counted up: the highest says nothing of an end.
    SELECT CASE WHEN k.refers_to IS NOT NULL OR abs(b.correlation) >= 0.5
                     OR k.reltuples >= 0.01 * ((b.bounds)[array_upper(b.bounds, 1)] - (b.bounds)[1])
                THEN greatest((b.bounds)[array_upper(b.bounds, 1)], (SELECT max(v) FROM unnest(b.common) v)) END AS highest
    FROM (SELECT s.histogram_bounds::text::bigint[] AS bounds, s.most_common_vals::text::bigint[] AS common, s.correlation
          FROM pg_stats s
          WHERE s.schemaname = k.nspname AND s.tablename = k.relname AND s.attname = k.attname AND s.inherited = k.is_partitioned
          LIMIT 1) b
) s ON true
ORDER BY s.highest::float8 / k.max DESC NULLS LAST, name LIMIT 100;
