-- What users called things: relations, types, functions, schemas.
SELECT t.typname FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND t.typelem = 0
UNION
SELECT p.proname FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
UNION
SELECT n.nspname FROM pg_catalog.pg_namespace AS n
 WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public');
