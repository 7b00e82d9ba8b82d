-- What the schema of this database is: every object with a digest of its definition. What changes without a command
-- that changes a schema (statistics, files, ages) is no part of it.
WITH namespace AS (
  SELECT oid, nspname, nspowner, nspacl
    FROM pg_catalog.pg_namespace
   WHERE nspname NOT LIKE 'pg\_%'
     AND nspname <> 'information_schema'
)
SELECT 'schema ' || nspname, pg_catalog.md5(concat_ws('|', nspowner, nspacl))
  FROM namespace
UNION ALL
SELECT format('%s %I.%I',
              CASE c.relkind WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view'
                             WHEN 'm' THEN 'materialized view' WHEN 'c' THEN 'type' ELSE 'table' END,
              n.nspname, c.relname),
       pg_catalog.md5(concat_ws('|', c.relkind, c.relpersistence, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
         c.relispartition, c.relowner, c.relacl, c.reloptions, pg_catalog.pg_get_expr(c.relpartbound, c.oid),
         (SELECT string_agg(concat_ws(' ', a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
                                      a.attnotnull, a.attidentity, a.attgenerated, a.attcollation, a.attacl,
                                      pg_catalog.pg_get_expr(f.adbin, f.adrelid)), ',' ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
         (SELECT string_agg(concat_ws(' ', k.conname, pg_catalog.pg_get_constraintdef(k.oid)), ',' ORDER BY k.conname)
            FROM pg_catalog.pg_constraint k
           WHERE k.conrelid = c.oid),
         (SELECT concat_ws(' ', pg_catalog.pg_get_indexdef(c.oid), i.indisvalid, i.indisprimary, i.indisreplident)
            FROM pg_catalog.pg_index i
           WHERE i.indexrelid = c.oid),
         (SELECT concat_ws(' ', s.seqtypid, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle)
            FROM pg_catalog.pg_sequence s
           WHERE s.seqrelid = c.oid),
         (SELECT string_agg(pg_catalog.pg_get_ruledef(r.oid), ',' ORDER BY r.rulename)
            FROM pg_catalog.pg_rewrite r
           WHERE r.ev_class = c.oid),
         (SELECT string_agg(concat_ws(' ', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled), ',' ORDER BY t.tgname)
            FROM pg_catalog.pg_trigger t
           WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
         (SELECT string_agg(p::pg_catalog.text, ',' ORDER BY p.polname)
            FROM pg_catalog.pg_policy p
           WHERE p.polrelid = c.oid)))
  FROM pg_catalog.pg_class c
  JOIN namespace n ON n.oid = c.relnamespace
UNION ALL
SELECT format('routine %I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
       pg_catalog.md5(p::pg_catalog.text)
  FROM pg_catalog.pg_proc p
  JOIN namespace n ON n.oid = p.pronamespace
UNION ALL
SELECT format('type %I.%I', n.nspname, t.typname),
       pg_catalog.md5(concat_ws('|', t.typtype, t.typowner, t.typacl, t.typnotnull, t.typdefault,
         (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
            FROM pg_catalog.pg_enum e
           WHERE e.enumtypid = t.oid),
         (SELECT string_agg(pg_catalog.pg_get_constraintdef(k.oid), ',' ORDER BY k.conname)
            FROM pg_catalog.pg_constraint k
           WHERE k.contypid = t.oid)))
  FROM pg_catalog.pg_type t
  JOIN namespace n ON n.oid = t.typnamespace
 WHERE t.typtype IN ('d', 'e', 'r', 'b')
   AND t.typelem = 0
UNION ALL
SELECT 'extension ' || extname, pg_catalog.md5(concat_ws('|', extversion, extowner))
  FROM pg_catalog.pg_extension
UNION ALL
SELECT 'event trigger ' || evtname, pg_catalog.md5(e::pg_catalog.text)
  FROM pg_catalog.pg_event_trigger e
UNION ALL
SELECT format('statistics %I.%I', n.nspname, x.stxname), pg_catalog.md5(pg_catalog.pg_get_statisticsobjdef(x.oid))
  FROM pg_catalog.pg_statistic_ext x
  JOIN namespace n ON n.oid = x.stxnamespace
