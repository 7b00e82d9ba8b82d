-- Tables on which something of a user's own is run, or rows are hidden, when they are written or read.
SELECT c.oid
  FROM pg_catalog.pg_class AS c
 WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p')
   AND (c.relrowsecurity OR c.relhasrules
        OR c.relhastriggers AND EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal))
