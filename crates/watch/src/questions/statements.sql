-- howdah watch: what statements did since the counters began. Without texts, which the server would read from a file.
SELECT s.queryid, sum(s.calls)::bigint AS calls, (sum(s.total_exec_time) * 1000)::bigint AS time_us,
       (sum(s.total_plan_time) * 1000)::bigint AS plan_us, sum(s.rows)::bigint AS rows,
       sum(s.shared_blks_hit + s.local_blks_hit)::bigint AS hit,
       sum(s.shared_blks_read + s.local_blks_read)::bigint AS read,
       sum(s.temp_blks_read + s.temp_blks_written)::bigint AS temp, sum(s.wal_bytes)::bigint AS wal_bytes
FROM {statements}.pg_stat_statements(false) s
WHERE s.dbid = $1::oid AND s.queryid IS NOT NULL AND s.calls > 0
GROUP BY s.queryid;
