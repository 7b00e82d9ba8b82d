-- As io_16.sql, which 18 counts in bytes: sequential reads, of large tables and by VACUUM; then all of the clients'.
SELECT pg_catalog.sum(s.read_bytes) FILTER (WHERE s.context IN ('bulkread', 'vacuum')),
       pg_catalog.sum(s.read_time) FILTER (WHERE s.context IN ('bulkread', 'vacuum'))
  FROM pg_catalog.pg_stat_io AS s
 WHERE s.object = 'relation'
UNION ALL
SELECT pg_catalog.sum(s.read_bytes), pg_catalog.sum(s.read_time)
  FROM pg_catalog.pg_stat_io AS s
 WHERE s.object = 'relation';
