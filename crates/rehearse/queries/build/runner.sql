-- The role named in howdah.runner gets what a superuser has in this database:
-- membership in every role that is not already a member of it.
DO $$
DECLARE
  runner text := pg_catalog.current_setting('howdah.runner');
  name text;
BEGIN
  FOR name IN
    SELECT r.rolname FROM pg_catalog.pg_roles AS r
     WHERE r.rolname <> runner
       AND (r.rolname !~ '^(pg_|howdah )'
            OR r.rolname IN ('pg_monitor', 'pg_read_all_data', 'pg_write_all_data', 'pg_signal_backend', 'pg_maintain', 'pg_create_subscription'))
       AND NOT pg_catalog.pg_has_role(r.oid, runner::pg_catalog.regrole, 'MEMBER')
  LOOP
    EXECUTE pg_catalog.format('GRANT %I TO %I WITH ADMIN OPTION', name, runner);
  END LOOP;
END
$$
