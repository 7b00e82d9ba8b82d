-- The indexes of table $1 that REINDEX CONCURRENTLY takes, and their sizes.
SELECT format('%I.%I', n.nspname, c.relname), pg_catalog.pg_relation_size(c.oid)
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = $1::regclass AND i.indisvalid AND NOT i.indisexclusion
