-- Checkpoints that came because WAL filled up, and those that came in time.
SELECT c.timed, c.requested, 100.0 * c.requested / nullif(c.timed + c.requested, 0) AS percent,
       extract(epoch FROM clock_timestamp() - c.since)::bigint AS counted_s,
       current_setting('max_wal_size') AS max_wal_size, current_setting('checkpoint_timeout') AS checkpoint_timeout
FROM (
    SELECT num_timed AS timed, num_requested AS requested, stats_reset AS since FROM pg_stat_checkpointer --since 17
    SELECT checkpoints_timed AS timed, checkpoints_req AS requested, stats_reset AS since FROM pg_stat_bgwriter --before 17
) c;
