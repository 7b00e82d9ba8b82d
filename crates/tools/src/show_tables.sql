-- Tables with their sizes, tuples, use and the work of vacuum; $1: at most so many, the largest first.
WITH tables AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples, c.relpages,
           pg_table_size(c.oid) AS table_bytes, pg_indexes_size(c.oid) AS index_bytes
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    -- What nothing was put into takes a page at most; it is told, and need not be measured.
    WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'
)
SELECT format('%I.%I', t.nspname, t.relname) AS name, t.relkind = 'm' AS is_view, t.table_bytes, t.index_bytes,
       coalesce(s.n_live_tup, greatest(t.reltuples, 0)::bigint) AS live, coalesce(s.n_dead_tup, 0) AS dead,
       coalesce(s.seq_scan, 0) AS seq_scans, coalesce(s.seq_tup_read, 0) AS seq_tuples, coalesce(s.idx_scan, 0) AS index_scans,
       coalesce(s.n_tup_ins, 0) + coalesce(s.n_tup_upd, 0) + coalesce(s.n_tup_del, 0) AS writes,
       coalesce(s.n_mod_since_analyze, 0) AS changed,
       extract(epoch FROM now() - greatest(s.last_vacuum, s.last_autovacuum)) AS vacuumed_s,
       extract(epoch FROM now() - greatest(s.last_analyze, s.last_autoanalyze)) AS analysed_s,
       count(*) OVER () AS tables, sum(t.table_bytes) OVER () AS all_table_bytes, sum(t.index_bytes) OVER () AS all_index_bytes,
       (SELECT json_agg(json_build_object('name', format('%I.%I', t.nspname, x.relname), 'bytes', pg_relation_size(x.oid),
                        'scans', coalesce(u.idx_scan, 0), 'is_valid', i.indisvalid, 'is_unique', i.indisunique,
                        'columns', coalesce((SELECT string_agg(pg_get_indexdef(i.indexrelid, k, true), ', ' ORDER BY k)
                                    FROM generate_series(1, i.indnkeyatts) k), ''))
                        ORDER BY pg_relation_size(x.oid) DESC, x.relname)
        FROM pg_index i
        JOIN pg_class x ON x.oid = i.indexrelid
        LEFT JOIN pg_stat_all_indexes u ON u.indexrelid = i.indexrelid
        WHERE i.indrelid = t.oid) AS indexes
FROM (SELECT t.*, row_number() OVER (ORDER BY t.table_bytes + t.index_bytes DESC, t.oid) AS rank FROM tables t) t
LEFT JOIN pg_stat_all_tables s ON s.relid = t.oid
ORDER BY t.rank
LIMIT $1::int;
