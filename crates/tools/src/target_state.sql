SELECT current_setting('server_version'),
       current_setting('server_version_num'),
       pg_catalog.pg_is_in_recovery(),
       current_user,
       current_database(),
       coalesce((SELECT pg_catalog.concat_ws(' ', s.version, s.cipher)
                 FROM pg_catalog.pg_stat_ssl s
                 WHERE s.pid = pg_catalog.pg_backend_pid() AND s.ssl), ''),
       current_setting('max_connections'),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend'),
       pg_catalog.pg_postmaster_start_time()::pg_catalog.text
