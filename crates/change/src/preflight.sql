-- What is better settled before a change begins, a line each.
SELECT format('The transaction of pid %s (%s, %s) has been open for %s s; locks and CREATE INDEX CONCURRENTLY wait for it.', a.pid, a.usename, a.state,
              round(extract(epoch FROM clock_timestamp() - a.xact_start)))
FROM pg_catalog.pg_stat_activity a
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.xact_start < clock_timestamp() - interval '1 minute'
UNION ALL
SELECT format('The prepared transaction %s has been open since %s; it holds its locks until somebody ends it.', p.gid, p.prepared)
FROM pg_catalog.pg_prepared_xacts p
WHERE p.database = current_database() AND p.prepared < clock_timestamp() - interval '1 minute'
UNION ALL
SELECT format('The replica %s is %s s behind; backfills wait while it is.', coalesce(nullif(r.application_name, ''), r.client_addr::text),
              round(extract(epoch FROM r.replay_lag)))
FROM pg_catalog.pg_stat_replication r
WHERE r.replay_lag > interval '5 seconds'
UNION ALL
SELECT format('The replication slot %s is not in use and retains %s of log; a change writes more.', s.slot_name,
              pg_catalog.pg_size_pretty(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)))
FROM pg_catalog.pg_replication_slots s
WHERE NOT s.active AND s.restart_lsn IS NOT NULL
  AND pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn) > 1e9
