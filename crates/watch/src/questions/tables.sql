-- howdah watch: use of tables since the counters began.
SELECT t.relid, format('%I.%I', t.schemaname, t.relname) AS name, t.seq_scan AS scans, t.seq_tup_read AS tuples_read,
       coalesce(t.idx_scan, 0) AS index_scans, coalesce(t.idx_tup_fetch, 0) AS tuples_found,
       t.n_tup_ins AS inserted, t.n_tup_upd AS updated, t.n_tup_hot_upd AS hot_updated, t.n_tup_del AS deleted,
       pg_stat_get_blocks_hit(t.relid) AS hit,
       pg_stat_get_blocks_fetched(t.relid) - pg_stat_get_blocks_hit(t.relid) AS read
FROM pg_stat_user_tables t
WHERE t.seq_scan + coalesce(t.idx_scan, 0) + t.n_tup_ins + t.n_tup_upd + t.n_tup_del > 0;
