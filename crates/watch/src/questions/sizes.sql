-- howdah watch: how large the largest relations are. One that somebody has locked is left for the next time.
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind = 'i' AS is_index,
       CASE WHEN c.relkind = 'i' THEN pg_relation_size(c.oid) ELSE pg_table_size(c.oid) END AS bytes,
       CASE WHEN c.relkind = 'i' THEN 0 ELSE pg_stat_get_live_tuples(c.oid) END AS live,
       CASE WHEN c.relkind = 'i' THEN 0 ELSE pg_stat_get_dead_tuples(c.oid) END AS dead
FROM (SELECT c.* FROM pg_class c
      WHERE c.relkind IN ('r', 'm', 'i') AND c.relpersistence <> 't'
        AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)
        AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock'
                                                 AND l.database = $1::oid)
      ORDER BY greatest(c.relpages, pg_stat_get_live_tuples(c.oid) / 50) DESC, c.oid LIMIT 1000) c
JOIN pg_namespace n ON n.oid = c.relnamespace;
