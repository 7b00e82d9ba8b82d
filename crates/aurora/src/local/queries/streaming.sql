-- $1: the reader's name. One row when it streams.
SELECT 1
  FROM pg_catalog.pg_stat_replication
 WHERE application_name = $1
   AND state = 'streaming'
