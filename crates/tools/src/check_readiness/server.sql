-- What of the server no health check tells.
SELECT current_setting('archive_mode') AS archive_mode,
       current_setting('ssl') AS ssl,
       current_setting('rds.force_ssl', true) AS forced,
       (SELECT count(*) FROM pg_stat_activity a
        WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()) AS clients
       , (SELECT sum(d.sessions) FROM pg_stat_database d WHERE d.datname IS NOT NULL) AS sessions --since 14
       , (SELECT sum(d.session_time) / 1000 FROM pg_stat_database d WHERE d.datname IS NOT NULL) AS sessions_s --since 14
       , NULL AS sessions, NULL AS sessions_s --before 14
