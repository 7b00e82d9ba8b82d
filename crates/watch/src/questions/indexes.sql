-- howdah watch: use of indexes since the counters began.
SELECT i.indexrelid AS relid, format('%I.%I', i.schemaname, i.indexrelname) AS name, i.idx_scan AS scans,
       i.idx_tup_read AS tuples_read, 0 AS index_scans, i.idx_tup_fetch AS tuples_found,
       0 AS inserted, 0 AS updated, 0 AS hot_updated, 0 AS deleted,
       pg_stat_get_blocks_hit(i.indexrelid) AS hit,
       pg_stat_get_blocks_fetched(i.indexrelid) - pg_stat_get_blocks_hit(i.indexrelid) AS read
FROM pg_stat_user_indexes i
WHERE i.idx_scan > 0 OR pg_stat_get_blocks_fetched(i.indexrelid) > 0;
