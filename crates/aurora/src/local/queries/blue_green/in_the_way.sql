-- What is in the way of a switch: why, and which object.
SELECT 'prepared' AS why, gid AS object
  FROM pg_catalog.pg_prepared_xacts
UNION ALL
SELECT 'transaction', format('process %s (%s) for %s s', pid, usename, extract(epoch FROM now() - xact_start)::pg_catalog.int4)
  FROM pg_catalog.pg_stat_activity
 WHERE backend_xid IS NOT NULL
   AND xact_start < now() - interval '60 s'
   AND pid <> pg_catalog.pg_backend_pid()
UNION ALL
SELECT 'setting', name
  FROM pg_catalog.pg_settings
 WHERE name IN ('listen_addresses', 'unix_socket_directories', 'port')
   AND sourcefile LIKE '%postgresql.auto.conf'
