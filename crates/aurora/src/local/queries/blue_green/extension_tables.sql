-- The tables of extensions, which their creation may have filled.
SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ')
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                             AND d.objid = c.oid
                             AND d.deptype = 'e'
 WHERE c.relkind = 'r'
   AND c.relpersistence = 'p'
   AND c.oid >= 16384
HAVING count(*) > 0
