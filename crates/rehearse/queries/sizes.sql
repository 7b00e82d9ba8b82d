-- Sizes of tables, partitions and materialized views. Rows: density by the
-- last statistics, times the pages that there are now.
SELECT n.nspname, c.relname,
       CASE WHEN p.bytes = 0 THEN 0
            WHEN c.reltuples < 0 OR c.relpages = 0 THEN NULL
            ELSE round((c.reltuples / c.relpages * (p.bytes / current_setting('block_size')::int))::numeric) END,
       p.bytes, coalesce(pg_total_relation_size(c.oid), 0)
  FROM pg_class AS c
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL (SELECT coalesce(pg_relation_size(c.oid), 0) AS bytes) AS p
 WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY 1, 2;
