-- What is true of the database as a whole.
SELECT current_database(),
       current_setting('server_version_num'),
       current_user,
       extract(epoch FROM clock_timestamp())::bigint,
       extract(epoch FROM clock_timestamp() - coalesce(s.stats_reset, pg_postmaster_start_time()))::bigint,
       current_setting('block_size'),
       pg_is_in_recovery(),
       current_setting('row_security')
FROM (SELECT (SELECT d.stats_reset FROM pg_stat_database d WHERE d.datname = current_database()) AS stats_reset) s;
