-- howdah watch: WAL written by all databases.
SELECT 'wal.bytes' AS name,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, '0/0')::float8 AS value,
       true AS counts;
