-- Tables with their sizes, tuples, use and the work of vacuum; $1: at most so many, the largest first.
--
-- To measure a relation is to lock it, and whoever looks at this must not join the queue that they look for: of
-- what somebody locks wholly, or waits to, the size is told as of its last VACUUM or ANALYZE.
WITH locked AS MATERIALIZED (
    SELECT l.relation
    FROM pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
), indexes AS MATERIALIZED (
    SELECT i.indrelid, i.indexrelid, x.relname, i.indisvalid, i.indisunique, i.indnkeyatts,
           CASE WHEN i.indexrelid IN (SELECT relation FROM locked) OR i.indrelid IN (SELECT relation FROM locked)
                THEN x.relpages::bigint * current_setting('block_size')::int
                ELSE pg_relation_size(i.indexrelid) END AS bytes
    FROM pg_index i
    JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = x.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'
), tables AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples,
           CASE WHEN c.oid IN (SELECT relation FROM locked)
                THEN (c.relpages::bigint + coalesce((SELECT t.relpages FROM pg_class t WHERE t.oid = c.reltoastrelid), 0))
                     * current_setting('block_size')::int
                ELSE pg_table_size(c.oid) END AS table_bytes,
           coalesce((SELECT sum(i.bytes) FROM indexes i WHERE i.indrelid = c.oid), 0)::bigint AS index_bytes
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
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
       (SELECT json_agg(json_build_object('name', format('%I.%I', t.nspname, i.relname), 'bytes', i.bytes,
                        'scans', coalesce(pg_stat_get_numscans(i.indexrelid), 0), 'is_valid', i.indisvalid, 'is_unique', i.indisunique,
                        -- pg_get_indexdef() would wait for whoever has the table locked.
                        'columns', coalesce((SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a
                                    WHERE a.attrelid = i.indexrelid AND a.attnum <= i.indnkeyatts), ''))
                        ORDER BY i.bytes DESC, i.relname)
        FROM indexes i
        WHERE i.indrelid = t.oid) AS indexes
FROM (SELECT t.*, row_number() OVER (ORDER BY t.table_bytes + t.index_bytes DESC, t.oid) AS rank FROM tables t) t
LEFT JOIN pg_stat_all_tables s ON s.relid = t.oid
ORDER BY t.rank
LIMIT $1::int
/* howdah */
