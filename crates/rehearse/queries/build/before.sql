-- The builder owns every schema until owners are set.
DO $$
DECLARE
  command text;
BEGIN
  FOR command IN
    SELECT format('ALTER SCHEMA %I OWNER TO "howdah builder"', n.nspname)
      FROM pg_catalog.pg_namespace AS n
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT format('GRANT %I TO "howdah builder"', r.rolname)
      FROM pg_catalog.pg_roles AS r
     WHERE r.rolname !~ '^(pg_|howdah )'
  LOOP
    EXECUTE command;
  END LOOP;
END
$$
