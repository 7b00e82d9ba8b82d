-- How far green is behind: slots, how many of them are read from, the most bytes, whether one was lost, and by how
-- many milliseconds the last change came late. A blue cluster of AWS publishes to nobody else.
SELECT count(*),
       count(*) FILTER (WHERE s.active),
       coalesce(max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.confirmed_flush_lsn)), 0)::pg_catalog.int8,
       coalesce(bool_or(s.wal_status = 'lost'), false),
       (max(extract(epoch FROM r.replay_lag)) * 1000)::pg_catalog.float8
  FROM pg_catalog.pg_replication_slots s
  LEFT JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid
 WHERE s.slot_type = 'logical'
   AND s.plugin = 'pgoutput'
