-- Tables that have rows of their own and are restored, the small ones first; unlogged ones come back empty.
SELECT format('%I.%I', n.nspname, c.relname), pg_relation_size(c.oid)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND (c.relkind = 'r' OR c.relispopulated)
ORDER BY 2, 1
