-- Tables with policies that are not in force, and those with row security and no policy.
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relrowsecurity AS is_on, p.policies, count(*) OVER () AS total
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT count(*) AS policies FROM pg_policy p WHERE p.polrelid = c.oid) p
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND c.relrowsecurity <> (p.policies > 0)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relrowsecurity, name LIMIT 100;
