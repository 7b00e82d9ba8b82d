-- Tables of a change ($1) with rows that the planner knows nothing of, or with an index on an expression that it
-- knows nothing of. A column that was only added is not worth the reading: it holds one value.
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
  AND c.relkind IN ('r', 'm') AND pg_catalog.pg_relation_size(c.oid) > 0
  AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
  AND (NOT EXISTS (SELECT FROM pg_catalog.pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname)
       OR EXISTS (SELECT FROM pg_catalog.pg_index i
                  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                  JOIN pg_catalog.pg_namespace xn ON xn.oid = x.relnamespace
                  WHERE i.indrelid = c.oid AND i.indexprs IS NOT NULL
                    AND NOT EXISTS (SELECT FROM pg_catalog.pg_stats s WHERE s.schemaname = xn.nspname AND s.tablename = x.relname)))
ORDER BY 1
