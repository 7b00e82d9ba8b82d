-- The indexes that belong to the one of $1: those of partitions, and itself.
SELECT c.relname
FROM pg_partition_tree($1::text::regclass) t JOIN pg_class c ON c.oid = t.relid
UNION
SELECT c.relname FROM pg_class c WHERE c.oid = $1::text::regclass
