-- What suffers: $1 is what a person may want of the change.
SELECT (SELECT wanted FROM howdah.changes WHERE id = $1),
       -- A session between two short statements is at work, too.
       (SELECT count(*) FROM pg_catalog.pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
          AND (state = 'active' OR state_change > clock_timestamp() - interval '2 s')
          AND application_name NOT LIKE 'howdah%'),
       (SELECT count(*) FROM pg_catalog.pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(pid))),
       (SELECT coalesce(max(extract(epoch FROM replay_lag)), 0) FROM pg_catalog.pg_stat_replication),
       (SELECT coalesce(max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn)), 0)
        FROM pg_catalog.pg_replication_slots WHERE restart_lsn IS NOT NULL)
