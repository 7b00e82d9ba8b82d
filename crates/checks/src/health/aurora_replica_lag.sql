-- The readers of an Aurora cluster, as its storage layer knows them.
SELECT r.server_id AS name, r.session_id = 'MASTER_SESSION_ID' AS is_writer,
       r.replica_lag_in_msec AS lag_ms,
       extract(epoch FROM clock_timestamp() - r.last_update_timestamp) AS silent_s
FROM aurora_replica_status() r
ORDER BY r.replica_lag_in_msec DESC NULLS LAST, r.server_id;
