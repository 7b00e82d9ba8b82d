-- $1: the system identifier of the green environment. Ends what still reads from its slots.
SELECT pg_catalog.pg_terminate_backend(active_pid)
  FROM pg_catalog.pg_replication_slots
 WHERE active
   AND (slot_name LIKE 'howdah\_green\_%' OR slot_name LIKE 'pg\_%\_sync\_%\_' || $1)
