-- What amcheck can look at: tables, and valid B-trees of permanent ones.
SELECT c.oid, c.relkind, format('%I.%I', n.nspname, c.relname)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am m ON m.oid = c.relam
LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.relpersistence = 'p'
  AND (c.relkind IN ('r', 'm', 't') AND m.amname = 'heap' OR c.relkind = 'i' AND m.amname = 'btree' AND i.indisvalid)
ORDER BY c.relkind, 3
