-- $1: a slot that keeps the write-ahead log from now on, as long as this session lasts.
SELECT pg_catalog.pg_create_physical_replication_slot($1, true, true)
