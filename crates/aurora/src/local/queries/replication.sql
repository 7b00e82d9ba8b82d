-- How far each connected reader is behind.
SELECT application_name,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn)::pg_catalog.int8,
       (extract(epoch FROM replay_lag) * 1000)::pg_catalog.float8
  FROM pg_catalog.pg_stat_replication
 WHERE application_name LIKE 'reader-%'
