-- howdah watch: standbys and slots as the primary sees them, and the lag of a standby.
SELECT 'replication.' || coalesce(nullif(r.application_name, ''), r.client_addr::text, 'standby') || '.lag_bytes' AS name,
       max(pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn))::float8 AS value, false AS counts
FROM pg_stat_replication r WHERE NOT pg_is_in_recovery() AND r.replay_lsn IS NOT NULL GROUP BY 1
UNION ALL
SELECT 'slots.' || s.slot_name || '.retained_bytes', pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::float8, false
FROM pg_replication_slots s WHERE NOT pg_is_in_recovery() AND s.restart_lsn IS NOT NULL
UNION ALL
SELECT 'standby.lag_s', CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                             ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8, false
WHERE pg_is_in_recovery() AND pg_last_xact_replay_timestamp() IS NOT NULL;
