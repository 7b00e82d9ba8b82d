-- The names of the partitions that hold rows. $1: the OIDs of the tables.
SELECT DISTINCT c.oid, n.nspname, c.relname
FROM unnest($1::oid[]) r(oid)
JOIN pg_class p ON p.oid = r.oid AND p.relkind = 'p'
CROSS JOIN LATERAL pg_partition_tree(p.oid) l
JOIN pg_class c ON c.oid = l.relid AND l.isleaf
JOIN pg_namespace n ON n.oid = c.relnamespace
ORDER BY c.oid
