-- Schema and name of every relation that a query could name, and whether it is the system's.
SELECT n.nspname, c.relname, n.nspname IN ('pg_catalog', 'information_schema')
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  AND n.nspname NOT LIKE 'pg\_toast%'
  AND (n.nspname NOT LIKE 'pg\_temp\_%' OR n.oid = pg_my_temp_schema())
ORDER BY 3, c.oid DESC
LIMIT 100000;
