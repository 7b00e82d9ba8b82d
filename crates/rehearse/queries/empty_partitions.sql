-- Partitions named in $1 that hold no row and on which nobody but their owner has privileges of their own:
-- clients come to them through their parents only.
SELECT n.nspname, c.relname
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relispartition AND c.relkind = 'r' AND c.relname = ANY ($1::pg_catalog.text[])
   AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) AS x WHERE x.grantee <> c.relowner)
   AND pg_catalog.pg_relation_size(c.oid) = 0;
