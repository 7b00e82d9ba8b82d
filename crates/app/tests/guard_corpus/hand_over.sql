-- Makes the role of owners the owner of the database and of what a superuser made in it. A superuser runs it.
DO $hand_over$
DECLARE
  command text;
BEGIN
  FOR command IN
    WITH mine AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$|probe$|ext$)' AND nspowner = current_user::regrole)
    SELECT format('ALTER DATABASE %I OWNER TO owner', current_database())
    UNION ALL SELECT format('ALTER SCHEMA %I OWNER TO owner', n.nspname) FROM pg_namespace n JOIN mine USING (oid)
    UNION ALL SELECT format('ALTER TABLE %s OWNER TO owner', c.oid::regclass) FROM pg_class c
      WHERE c.relnamespace IN (SELECT oid FROM mine) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relowner = current_user::regrole
    UNION ALL SELECT format('ALTER ROUTINE %s OWNER TO owner', p.oid::regprocedure) FROM pg_proc p
      WHERE p.pronamespace IN (SELECT oid FROM mine) AND p.proowner = current_user::regrole
    UNION ALL SELECT format('ALTER TYPE %s OWNER TO owner', t.oid::regtype) FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
      WHERE t.typnamespace IN (SELECT oid FROM mine) AND t.typtype NOT IN ('p', 'm') AND t.typcategory <> 'A' AND coalesce(c.relkind, 'c') = 'c' AND t.typowner = current_user::regrole
  LOOP
    BEGIN
      EXECUTE command;
    EXCEPTION WHEN OTHERS THEN
      NULL; -- it follows the object that it belongs to
    END;
  END LOOP;
END $hand_over$;
