-- Where the writer's log ends.
SELECT pg_catalog.pg_current_wal_lsn()
