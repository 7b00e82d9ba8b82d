-- Routines with their owner's rights whose names are looked up where the caller says. Those of extensions are their
-- authors'; a body in standard SQL was looked up when it was made.
SELECT p.oid::regprocedure::text AS name, quote_ident(r.rolname) AS owner, r.rolsuper AS is_superuser,
       quote_ident(n.nspname) AS schema, count(*) OVER () AS total
FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace
JOIN pg_roles r ON r.oid = p.proowner
JOIN pg_language l ON l.oid = p.prolang
WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND l.lanname NOT IN ('c', 'internal')
  AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%')
  AND p.prosqlbody IS NULL --since 14
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY r.rolsuper DESC, name LIMIT 100;
