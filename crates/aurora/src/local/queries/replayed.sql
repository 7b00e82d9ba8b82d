-- Whether a reader has replayed the log up to there.
SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_replay_lsn(), $1::pg_catalog.pg_lsn) >= 0
