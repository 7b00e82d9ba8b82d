-- Integer columns that are a key of their own and that no sequence feeds, with the highest value
-- that the statistics know.
WITH keys AS MATERIALIZED (
    SELECT n.nspname, c.relname, a.attname, a.atttypid, c.relkind = 'p' AS is_partitioned,
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
)
SELECT format('%I.%I.%I', k.nspname, k.relname, k.attname) AS name, format('%I.%I', k.nspname, k.relname) AS table,
       quote_ident(k.attname) AS column, format_type(k.atttypid, NULL) AS type, k.max, s.highest, count(*) OVER () AS keys
FROM keys k
-- Looked up for each, by the catalog's indexes: as a join it would read all statistics there are.
LEFT JOIN LATERAL (
    SELECT greatest((b.bounds)[array_upper(b.bounds, 1)], (SELECT max(v) FROM unnest(b.common) v)) AS highest
    FROM (SELECT s.histogram_bounds::text::bigint[] AS bounds, s.most_common_vals::text::bigint[] AS common
          FROM pg_stats s
          WHERE s.schemaname = k.nspname AND s.tablename = k.relname AND s.attname = k.attname AND s.inherited = k.is_partitioned
          LIMIT 1) b
) s ON true
ORDER BY s.highest::float8 / k.max DESC NULLS LAST, name LIMIT 100;
