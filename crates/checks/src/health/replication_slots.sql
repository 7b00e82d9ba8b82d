-- Slots, with the WAL that the server keeps for each.
SELECT quote_literal(s.slot_name) AS name, s.slot_type AS type, s.active, s.temporary, s.wal_status,
       s.database, p.here, pg_wal_lsn_diff(p.here, s.restart_lsn) AS retained,
       s.safe_wal_size,
       extract(epoch FROM clock_timestamp() - s.inactive_since) AS inactive_s, --since 17
       s.invalidation_reason, --since 17
       current_setting('max_slot_wal_keep_size') AS keep_size
FROM pg_replication_slots s
CROSS JOIN (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS here) p
ORDER BY retained DESC NULLS LAST, name LIMIT 100;
