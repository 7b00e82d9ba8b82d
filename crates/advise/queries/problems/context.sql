-- How long the counters have been counting, whether others read as well, and whether bloat can be measured.
SELECT current_database(),
       extract(epoch FROM clock_timestamp() - coalesce(s.stats_reset, pg_postmaster_start_time()))::float8 / 86400,
       (SELECT count(*) FROM pg_stat_replication),
       pg_is_in_recovery(),
       (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pgstattuple'),
       current_setting('server_version_num')::int
FROM (SELECT (SELECT d.stats_reset FROM pg_stat_database d WHERE d.datname = current_database()) AS stats_reset) s
