-- Tables that were neither read nor written since the counters count, one row for each that has rows of its own: a
-- partition stands beside the root of its tree, and is there only if nothing used any partition of it.
--
-- To ask for a size is to lock the table: trees of which somebody locks a part wholly, or waits to, are left out.
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
), stored AS MATERIALIZED (
    SELECT c.oid, c.relname, c.relnamespace, coalesce(pg_partition_root(c.oid), c.oid)::oid AS root,
           coalesce(pg_stat_get_numscans(c.oid), 0) + coalesce(pg_stat_get_tuples_inserted(c.oid), 0)
           + coalesce(pg_stat_get_tuples_updated(c.oid), 0) + coalesce(pg_stat_get_tuples_deleted(c.oid), 0)
           + coalesce((SELECT sum(pg_stat_get_numscans(x.indexrelid)) FROM pg_index x WHERE x.indrelid = c.oid), 0) AS used,
           c.oid IN (SELECT relation FROM locked) OR c.reltoastrelid IN (SELECT relation FROM locked)
           OR EXISTS (SELECT FROM pg_index x JOIN locked l ON l.relation = x.indexrelid
                      WHERE x.indrelid IN (c.oid, c.reltoastrelid)) AS is_locked,
           -- What is read of a foreign table is not counted: with one as a partition, nothing is known of the tree.
           c.relkind = 'f' OR n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast', 'howdah')
           OR EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e'
                        AND d.objid IN (c.oid, pg_partition_root(c.oid))) AS is_of_others
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'f') AND c.relpersistence <> 't'
), unused AS MATERIALIZED (
    SELECT s.root FROM stored s GROUP BY s.root
    HAVING sum(s.used) = 0 AND NOT bool_or(s.is_locked) AND NOT bool_or(s.is_of_others)
       AND s.root NOT IN (SELECT relation FROM locked)
)
SELECT rn.nspname, r.relname, n.nspname, s.relname,
       -- With its TOAST table and its indexes.
       pg_total_relation_size(s.oid)
FROM unused u
JOIN stored s ON s.root = u.root
JOIN pg_namespace n ON n.oid = s.relnamespace
JOIN pg_class r ON r.oid = u.root
JOIN pg_namespace rn ON rn.oid = r.relnamespace
ORDER BY rn.nspname, r.relname, n.nspname, s.relname
