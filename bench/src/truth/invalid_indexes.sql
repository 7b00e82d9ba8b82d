-- Indexes that are maintained, and used by nobody. An index on a partitioned
-- table is invalid by design until all partitions have theirs.
SELECT c.oid::regclass::text
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE NOT i.indisvalid AND c.relkind = 'i'
ORDER BY 1
