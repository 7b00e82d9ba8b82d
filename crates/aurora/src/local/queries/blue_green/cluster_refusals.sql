-- What of a whole cluster is in the way of a green environment: why, and which object.
-- $1: how many databases there are, each of which needs a slot, and two more while its tables are copied.
SELECT 'wal_level' AS why, setting AS object
  FROM pg_catalog.pg_settings
 WHERE name = 'wal_level'
   AND setting <> 'logical'
UNION ALL
SELECT 'setting', name
  FROM pg_catalog.pg_settings
 WHERE name IN ('listen_addresses', 'unix_socket_directories', 'port')
   AND sourcefile LIKE '%postgresql.auto.conf'
UNION ALL
SELECT 'tablespace', spcname
  FROM pg_catalog.pg_tablespace
 WHERE spcname NOT IN ('pg_default', 'pg_global')
UNION ALL
SELECT 'slot', slot_name
  FROM pg_catalog.pg_replication_slots
 WHERE slot_type = 'logical'
UNION ALL
SELECT 'closed database', datname
  FROM pg_catalog.pg_database
 WHERE NOT datallowconn
   AND NOT datistemplate
UNION ALL
SELECT 'prepared', gid
  FROM pg_catalog.pg_prepared_xacts
UNION ALL
SELECT 'transaction', format('process %s (%s) for %s s', pid, usename, extract(epoch FROM now() - xact_start)::pg_catalog.int4)
  FROM pg_catalog.pg_stat_activity
 WHERE backend_xid IS NOT NULL
   AND xact_start < now() - interval '60 s'
   AND pid <> pg_catalog.pg_backend_pid()
UNION ALL
SELECT 'slots', (SELECT count(*) FROM pg_catalog.pg_replication_slots)::pg_catalog.text
 WHERE current_setting('max_replication_slots')::pg_catalog.int4
       - (SELECT count(*) FROM pg_catalog.pg_replication_slots) < 3 * $1::pg_catalog.int4
UNION ALL
SELECT 'senders', (SELECT count(*) FROM pg_catalog.pg_stat_replication)::pg_catalog.text
 WHERE current_setting('max_wal_senders')::pg_catalog.int4
       - (SELECT count(*) FROM pg_catalog.pg_stat_replication) < 3 * $1::pg_catalog.int4
