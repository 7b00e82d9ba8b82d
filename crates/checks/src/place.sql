-- What is true of the server, the database and the role as a whole.
SELECT current_setting('server_version_num') AS version_num,
       current_database() AS database,
       current_user AS role,
       r.rolsuper AS is_superuser,
       r.rolsuper OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all_sessions,
       r.rolsuper OR pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') AS sees_all_settings,
       r.rolsuper OR pg_has_role(current_user, 'pg_stat_scan_tables', 'USAGE') AS scans_tables,
       pg_is_in_recovery() AS is_standby,
       EXISTS (SELECT FROM pg_roles m WHERE m.rolname = 'rds_superuser') AS is_rds,
       extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::bigint AS running_s,
       extract(epoch FROM clock_timestamp() - coalesce(
           (SELECT d.stats_reset FROM pg_stat_database d WHERE d.datname = current_database()),
           pg_postmaster_start_time()))::bigint AS counted_s,
       (SELECT json_agg(p.proname) FROM pg_proc p
         WHERE p.proname LIKE 'aurora\_%' AND p.pronamespace = 'pg_catalog'::regnamespace) AS aurora_functions,
       (SELECT json_object_agg(e.extname, quote_ident(n.nspname))
          FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace) AS extensions,
       (SELECT sum(c.relpages::bigint) * current_setting('block_size')::bigint
          FROM pg_class c WHERE c.relkind IN ('r', 'm', 'i', 't')) AS database_bytes
FROM pg_roles r
WHERE r.rolname = current_user;
