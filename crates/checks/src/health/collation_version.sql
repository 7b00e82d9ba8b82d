-- Collations whose library has changed since they were recorded, of those that something uses, with the indexes that are
-- sorted by them.
SELECT 'collation' AS kind, format('%I.%I', n.nspname, c.collname) AS name, c.collversion AS recorded,
       pg_collation_actual_version(c.oid) AS actual, count(*) OVER () AS total,
       (SELECT json_agg(format('%I.%I', xn.nspname, x.relname) ORDER BY x.oid)
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid AND x.relkind = 'i' JOIN pg_namespace xn ON xn.oid = x.relnamespace
        WHERE c.oid = ANY (i.indcollation)) AS indexes
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE c.collversion IS NOT NULL AND c.collversion <> pg_collation_actual_version(c.oid)
  AND EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_collation'::regclass AND d.refobjid = c.oid)
UNION ALL --since 15
SELECT 'database', quote_ident(d.datname), d.datcollversion, pg_database_collation_actual_version(d.oid), 1, NULL --since 15
FROM pg_database d --since 15
WHERE d.datname = current_database() AND d.datcollversion <> pg_database_collation_actual_version(d.oid) --since 15
ORDER BY 1 DESC, 2 LIMIT 100;
