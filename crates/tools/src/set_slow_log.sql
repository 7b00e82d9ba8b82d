-- The server, and how it logs what is slow now.
SELECT s.name, s.setting, s.source,
       (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) AS is_superuser,
       EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = 'rds_superuser') AS is_rds,
       EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.proname = 'aurora_version') AS is_aurora
FROM pg_catalog.pg_settings s
WHERE s.name IN ('log_min_duration_statement', 'log_lock_waits', 'log_temp_files', 'log_autovacuum_min_duration',
                 'log_line_prefix', 'log_destination', 'shared_preload_libraries', 'session_preload_libraries',
                 'auto_explain.log_min_duration');
