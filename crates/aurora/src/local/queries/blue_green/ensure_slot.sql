-- $1: the slot of a database's changes, made if it is missing.
SELECT pg_catalog.pg_create_logical_replication_slot($1, 'pgoutput')
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE slot_name = $1)
