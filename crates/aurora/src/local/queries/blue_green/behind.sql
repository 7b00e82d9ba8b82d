-- $1: a place in the log. How many slots are not there yet.
SELECT count(*)
  FROM pg_catalog.pg_replication_slots
 WHERE slot_name LIKE 'howdah\_green\_%'
   AND confirmed_flush_lsn < $1::pg_catalog.pg_lsn
