-- $1: a slot. One row when it is made, not just being made.
SELECT 1
  FROM pg_catalog.pg_replication_slots
 WHERE slot_name = $1
   AND confirmed_flush_lsn IS NOT NULL
