-- Foreign keys whose columns no index of the referencing table begins with, in any order. $1: only these schemas, or null.
-- Of a partitioned table it is enough that every partition has one of its own.
--
-- Tables that somebody locks wholly, or waits to, are left out: see indexes.sql.
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
), keys AS MATERIALIZED (
    SELECT k.oid, k.conname, k.conrelid, k.confrelid, c.relkind,
           ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u(attnum, place)
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY place) AS columns
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid NOT IN (SELECT relation FROM locked)
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'howdah')
      AND ($1::text[] IS NULL OR n.nspname = ANY ($1::text[]))
), held AS MATERIALIZED (
    -- The tables that hold the rows of each.
    SELECT k.oid AS key, k.conrelid AS relation FROM keys k WHERE k.relkind <> 'p'
    UNION ALL
    SELECT k.oid, t.relid FROM keys k, pg_partition_tree(k.conrelid) t WHERE k.relkind = 'p' AND t.isleaf AND t.relid <> k.conrelid
), places AS MATERIALIZED (
    SELECT h.key, h.relation,
           (SELECT array_agg(a.attnum) FROM pg_attribute a
            WHERE a.attrelid = h.relation AND a.attname = ANY (k.columns) AND NOT a.attisdropped) AS attnums
    FROM held h JOIN keys k ON k.oid = h.key
), bare AS MATERIALIZED (
    SELECT DISTINCT p.key FROM places p
    WHERE NOT EXISTS (
      SELECT FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam
      WHERE x.indrelid = p.relation AND x.indisvalid
        AND (m.amname = 'btree' OR m.amname = 'hash' AND cardinality(p.attnums) = 1)
        -- Included columns stand behind the keys and are not looked up by.
        AND x.indnkeyatts >= cardinality(p.attnums)
        AND (x.indkey::int2[])[0:cardinality(p.attnums) - 1] @> p.attnums
        -- Whatever the planner evaluates first: nothing of a locked table is deparsed.
        AND CASE WHEN x.indpred IS NULL THEN true
                 WHEN x.indrelid IN (SELECT relation FROM locked) THEN false
                 ELSE pg_get_expr(x.indpred, x.indrelid) IN (
                     SELECT format('(%I IS NOT NULL)', a.attname) FROM pg_attribute a
                     WHERE a.attrelid = p.relation AND a.attnum = ANY (p.attnums)) END)
)
SELECT n.nspname, c.relname, k.conname, rn.nspname, r.relname, to_json(k.columns)::text,
       -- What was never analysed has no figure in the catalog, and a partitioned table has none of its own.
       (SELECT coalesce(sum(greatest(o.reltuples, pg_stat_get_live_tuples(o.oid), 0)), 0) FROM held h JOIN pg_class o ON o.oid = h.relation
        WHERE h.key = k.oid)::bigint,
       (SELECT coalesce(sum(o.relpages), 0) FROM held h JOIN pg_class o ON o.oid = h.relation
        WHERE h.key = k.oid)::bigint * current_setting('block_size')::bigint,
       coalesce(pg_stat_get_tuples_deleted(r.oid), 0), coalesce(pg_stat_get_tuples_updated(r.oid), 0), c.relkind = 'p'
FROM bare b
JOIN keys k ON k.oid = b.key
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class r ON r.oid = k.confrelid
JOIN pg_namespace rn ON rn.oid = r.relnamespace
ORDER BY n.nspname, c.relname, k.conname
