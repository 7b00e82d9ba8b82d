-- Every index of the user's own tables, its keys as the server deparses them. $1: only these schemas, or null for all.
--
-- To deparse is to lock the table: those that somebody locks wholly, or waits to, are left out (locked.sql names them).
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
SELECT x.indrelid, x.indexrelid, n.nspname, c.relname, i.relname, m.amname, i.relkind = 'I',
       x.indisunique, x.indisvalid, x.indisready, x.indnkeyatts,
       to_json(ARRAY(SELECT pg_get_indexdef(x.indexrelid, k, false) FROM generate_series(1, x.indnatts) k))::text,
       array_to_string(x.indclass, ' '), array_to_string(x.indcollation, ' '), array_to_string(x.indoption, ' '),
       CASE WHEN x.indpred IS NOT NULL THEN pg_get_expr(x.indpred, x.indrelid) END,
       coalesce((to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false),
       x.indisreplident, x.indisclustered,
       EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid),
       EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = i.oid),
       -- An index of a partitioned table is read, and takes room, in its parts.
       coalesce(CASE WHEN i.relkind = 'I'
                     THEN (SELECT sum(pg_stat_get_numscans(p.relid)) FROM pg_partition_tree(i.oid) p)
                     ELSE pg_stat_get_numscans(i.oid) END, 0)::bigint,
       CASE WHEN i.relkind = 'I'
            THEN (SELECT sum(o.relpages) FROM pg_partition_tree(i.oid) p JOIN pg_class o ON o.oid = p.relid)
            ELSE i.relpages END::bigint * current_setting('block_size')::bigint,
       greatest(i.reltuples, 0)::bigint,
       EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.oid),
       pg_get_indexdef(i.oid),
       greatest(c.reltuples, 0)::bigint, c.relpages::bigint * current_setting('block_size')::bigint,
       (SELECT sum(coalesce(s.avg_width, 8)) FROM pg_attribute a
        LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = CASE WHEN x.indexprs IS NULL THEN c.relname ELSE i.relname END
             AND NOT s.inherited
             AND s.attname = CASE WHEN x.indexprs IS NULL
                                  THEN (SELECT t.attname FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attnum = x.indkey[a.attnum - 1])
                                  ELSE a.attname END
        WHERE a.attrelid = i.oid)::float8,
       x.indexprs IS NOT NULL,
       x.indisprimary,
       (SELECT string_agg(o, ', ') FROM unnest(i.reloptions) o)
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_am m ON m.oid = i.relam
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'howdah')
  AND ($1::text[] IS NULL OR n.nspname = ANY ($1::text[]))
  AND c.oid NOT IN (SELECT relation FROM locked) AND i.oid NOT IN (SELECT relation FROM locked)
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname, i.relname
