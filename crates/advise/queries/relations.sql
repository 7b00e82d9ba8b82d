-- The relations that may be indexed, with what planning knows of them. $1: their OIDs, as an array.
-- Leaves are the partitions that hold rows, of a partitioned table.
SELECT c.oid, n.nspname, c.relname, c.relkind, greatest(c.reltuples, 0)::float8,
       greatest(c.relpages, 1), c.relallvisible, c.relispartition,
       coalesce((SELECT array_agg(l.relid::oid ORDER BY l.relid::oid)
                 FROM pg_partition_tree(c.oid) l WHERE l.isleaf AND c.relkind = 'p'), '{}')::text,
       (SELECT count(*) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'),
       coalesce((SELECT t.relid::oid FROM pg_partition_ancestors(c.oid) WITH ORDINALITY t(relid, depth)
                 WHERE c.relispartition ORDER BY depth DESC LIMIT 1), c.oid),
       (SELECT sum(greatest(p.reltuples, 0))::float8 FROM pg_partition_tree(c.oid) l JOIN pg_class p ON p.oid = l.relid
        WHERE l.isleaf AND c.relkind = 'p'),
       (SELECT sum(greatest(p.relpages, 1)) FROM pg_partition_tree(c.oid) l JOIN pg_class p ON p.oid = l.relid
        WHERE l.isleaf AND c.relkind = 'p'),
       pg_has_role(c.relowner, 'USAGE'),
       EXISTS (SELECT FROM (SELECT c.oid UNION ALL SELECT l.relid FROM pg_partition_tree(c.oid) l WHERE l.isleaf AND c.relkind = 'p') h(oid)
               JOIN pg_class o ON o.oid = h.oid AND o.reltoastrelid <> 0
               WHERE pg_relation_size(o.reltoastrelid) > 0)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'p', 'm')
ORDER BY c.oid;
