-- Who keeps old rows from being removed the longest: the oldest transaction that may see them, of this database or a
-- replica's, and no younger than two seconds: others are gone by the next look.
SELECT pg_catalog.format('backend %s%s, in a transaction since %s UTC',
         pid, coalesce(' (' || nullif(application_name, '') || ')', ''),
         pg_catalog.to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'))
  FROM pg_catalog.pg_stat_activity
 WHERE backend_xmin IS NOT NULL AND (datid IS NULL OR datname = pg_catalog.current_database()) AND pid <> pg_catalog.pg_backend_pid() AND xact_start IS NOT NULL
   AND xact_start < pg_catalog.clock_timestamp() - interval '2 s'
 ORDER BY pg_catalog.age(backend_xmin) DESC, xact_start
 LIMIT 1
