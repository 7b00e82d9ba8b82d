-- Schemas of the user's, and that public is missing where it is.
SELECT n.nspname, format('CREATE SCHEMA %I', n.nspname)
  FROM pg_namespace AS n
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
   AND NOT EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
UNION ALL
SELECT 'public', 'DROP SCHEMA public'
 WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public')
 ORDER BY 1;
