-- What the other questions depend on. Written for search_path = pg_catalog, as all of them.
SELECT current_setting('server_version_num') AS version_num,
       (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AS database_oid,
       (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
         WHERE e.extname = 'pg_stat_statements') AS statements_schema,
       current_setting('pg_stat_statements.max', true) IS NOT NULL AS statements_loaded,
       (SELECT r.rolsuper OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
          FROM pg_roles r WHERE r.rolname = current_user) AS sees_all_sessions;
