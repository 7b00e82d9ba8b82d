-- What of this database logical replication does not carry: why, and which object.
SELECT 'identity' AS why, format('%I.%I', n.nspname, c.relname) AS object
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r'
   AND c.relpersistence = 'p'
   AND c.oid >= 16384
   AND n.nspname <> 'information_schema'
   AND CASE c.relreplident
         WHEN 'f' THEN false
         WHEN 'n' THEN true
         ELSE NOT EXISTS (SELECT
                            FROM pg_catalog.pg_index i
                           WHERE i.indrelid = c.oid
                             AND i.indisvalid
                             AND i.indimmediate
                             AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END)
       END
UNION ALL
SELECT 'unlogged', format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r'
   AND c.relpersistence = 'u'
UNION ALL
SELECT 'large objects', count(*)::pg_catalog.text
  FROM pg_catalog.pg_largeobject_metadata
HAVING count(*) > 0
UNION ALL
SELECT 'subscription', s.subname
  FROM pg_catalog.pg_subscription s
  JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
 WHERE d.datname = current_database()
UNION ALL
SELECT 'trigger', format('%I on %s', t.tgname, t.tgrelid::pg_catalog.regclass)
  FROM pg_catalog.pg_trigger t
 WHERE t.tgenabled IN ('A', 'R')
   AND NOT t.tgisinternal
UNION ALL
SELECT 'extension', e.extname
  FROM pg_catalog.pg_extension e
 WHERE e.extname <> 'plpgsql'
 ORDER BY 1, 2
