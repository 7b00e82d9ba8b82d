-- $1: the slot of a reader, made if it is missing, holding the log from now on.
SELECT pg_catalog.pg_create_physical_replication_slot($1, true, false)
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE slot_name = $1)
