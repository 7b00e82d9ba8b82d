-- howdah watch: versions, when the server started and when its counters began.
SELECT 'version' AS kind, 'server' AS name, current_setting('server_version') AS value
UNION ALL SELECT 'restart', 'server', to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')
UNION ALL SELECT 'reset', 'counters of the database',
                 coalesce(to_char(d.stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS'), 'never')
          FROM pg_stat_database d WHERE d.datid = $1::oid
UNION ALL SELECT 'extension', e.extname, e.extversion FROM pg_extension e;
