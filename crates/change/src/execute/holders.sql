SELECT format('pid %s (%s, %s, transaction open for %s ms): %s', a.pid, coalesce(a.usename, a.backend_type), a.state,
              round(extract(epoch FROM clock_timestamp() - a.xact_start) * 1000), left(regexp_replace(a.query, '\s+', ' ', 'g'), 80))
FROM pg_catalog.pg_stat_activity a
WHERE a.pid <> pg_backend_pid()
  AND a.xact_start < clock_timestamp() - $1::int * interval '1 ms'
  AND (a.backend_type <> 'autovacuum worker' OR a.query LIKE '%(to prevent wraparound)%')
  AND EXISTS (SELECT FROM pg_catalog.pg_locks l
              WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted AND l.relation IN ({tables})
                AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
ORDER BY a.xact_start
LIMIT 5
