-- Foreign keys of one column each: from which table and column to which, and what becomes of rows
-- whose key goes or changes. Those of partitions go with their parents'.
SELECT c.oid, c.conname, c.conrelid, c.conkey[1], c.confrelid, c.confkey[1], c.confdeltype, c.confupdtype
  FROM pg_catalog.pg_constraint AS c
 WHERE c.contype = 'f' AND pg_catalog.cardinality(c.conkey) = 1 AND c.conparentid = 0;
