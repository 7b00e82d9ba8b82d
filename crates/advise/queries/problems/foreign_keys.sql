-- Foreign keys whose columns no index of the referencing table begins with, in any order. $1: only these schemas, or null.
-- Tables that somebody locks wholly, or waits to, are left out: see indexes.sql.
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
SELECT n.nspname, c.relname, k.conname, rn.nspname, r.relname,
       to_json(ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u(attnum, place)
                     JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY place))::text,
       greatest(c.reltuples, 0)::bigint, c.relpages::bigint * current_setting('block_size')::bigint,
       coalesce(pg_stat_get_tuples_deleted(r.oid), 0), coalesce(pg_stat_get_tuples_updated(r.oid), 0), c.relkind = 'p'
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class r ON r.oid = k.confrelid
JOIN pg_namespace rn ON rn.oid = r.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid NOT IN (SELECT relation FROM locked)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'howdah')
  AND ($1::text[] IS NULL OR n.nspname = ANY ($1::text[]))
  AND NOT EXISTS (
      SELECT FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam
      WHERE x.indrelid = k.conrelid AND x.indisvalid AND m.amname = 'btree'
        -- Whatever the planner evaluates first: nothing of a locked table is deparsed.
        AND CASE WHEN x.indpred IS NULL THEN true
                 WHEN x.indrelid IN (SELECT relation FROM locked) THEN false
                 ELSE pg_get_expr(x.indpred, x.indrelid) IN (
                     SELECT format('(%I IS NOT NULL)', a.attname) FROM pg_attribute a
                     WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) END
        AND (x.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
ORDER BY n.nspname, c.relname, k.conname
