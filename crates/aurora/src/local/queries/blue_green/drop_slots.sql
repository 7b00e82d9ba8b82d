-- $1: the system identifier of the green environment. Its slots, those of tables that are being copied included.
SELECT pg_catalog.pg_drop_replication_slot(slot_name)
  FROM pg_catalog.pg_replication_slots
 WHERE slot_name LIKE 'howdah\_green\_%'
    OR slot_name LIKE 'pg\_%\_sync\_%\_' || $1
