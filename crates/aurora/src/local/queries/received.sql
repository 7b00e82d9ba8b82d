-- How much of the writer's log a reader has, in bytes since the beginning of time.
SELECT pg_catalog.pg_wal_lsn_diff(
         coalesce(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn()), '0/0')::pg_catalog.int8
