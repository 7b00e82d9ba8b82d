-- What of this database logical replication does not carry, or stops at, a sentence each.
SELECT format('the table %I.%I has no primary key, so that UPDATE and DELETE of it would fail', n.nspname, c.relname)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r'
   AND c.relpersistence = 'p'
   AND c.oid >= 16384
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND c.relreplident <> 'f'
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_index i
                    WHERE i.indrelid = c.oid
                      AND i.indisvalid
                      AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END)
UNION ALL
SELECT format('the table %I.%I is unlogged: what is written to it is not carried over', n.nspname, c.relname)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r'
   AND c.relpersistence = 'u'
UNION ALL
SELECT format('%s large objects are not carried over', count(*))
  FROM pg_catalog.pg_largeobject_metadata
HAVING count(*) > 0
 ORDER BY 1
