-- Integer columns that are a key of their own and that no sequence feeds, with the highest value
-- that the statistics know.
SELECT k.*, count(*) OVER () AS keys
FROM (
    SELECT format('%I.%I.%I', n.nspname, c.relname, a.attname) AS name,
           format('%I.%I', n.nspname, c.relname) AS table, quote_ident(a.attname) AS column,
           format_type(a.atttypid, NULL) AS type,
           CASE a.atttypid WHEN 'int2'::regtype THEN 32767 ELSE 2147483647 END::bigint AS max,
           greatest((s.histogram_bounds::text::bigint[])[array_upper(s.histogram_bounds::text::bigint[], 1)],
                    (SELECT max(v) FROM unnest(s.most_common_vals::text::bigint[]) v)) AS highest
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'p')
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND s.inherited = (c.relkind = 'p')
    WHERE i.indisunique AND i.indnkeyatts = 1 AND a.atttypid IN ('int2'::regtype, 'int4'::regtype)
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND a.attidentity = ''
      AND NOT EXISTS (
          SELECT FROM pg_attrdef def JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = def.oid
          JOIN pg_class q ON q.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND q.relkind = 'S'
          WHERE def.adrelid = a.attrelid AND def.adnum = a.attnum)
) k
ORDER BY k.highest::float8 / k.max DESC NULLS LAST, k.name LIMIT 100;
