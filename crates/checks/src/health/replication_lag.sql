-- On a primary each standby that streams; on a standby itself.
SELECT 'standby' AS kind, coalesce(nullif(r.application_name, ''), r.client_addr::text, 'pid ' || r.pid) AS name, r.state, r.sync_state,
       pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn) AS bytes,
       extract(epoch FROM r.replay_lag) AS seconds,
       extract(epoch FROM clock_timestamp() - r.reply_time) AS silent_s,
       false AS is_paused, NULL::boolean AS is_receiving
FROM pg_stat_replication r
WHERE NOT pg_is_in_recovery() AND r.state <> 'backup'
UNION ALL
SELECT 'self', 'this standby', w.status, NULL,
       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()),
       -- Without anything to replay, the age of the last transaction is the primary's idleness.
       CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
            ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END,
       NULL, pg_is_wal_replay_paused(), w.pid IS NOT NULL
FROM (SELECT 1) one LEFT JOIN pg_stat_wal_receiver w ON true
WHERE pg_is_in_recovery()
ORDER BY 5 DESC NULLS LAST;
