-- How large tables, materialized views and indexes are, the largest first: what is on disk, and what the planner knows of it.
SELECT n.nspname, c.relname, c.reltuples, c.relpages, c.relallvisible,
       CASE WHEN c.relkind = 'p' THEN 0
            ELSE coalesce(pg_catalog.pg_relation_size(c.oid), 0) / pg_catalog.current_setting('block_size')::pg_catalog.int8 END
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'm', 'i', 'p') AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY c.relpages DESC, 1, 2
 LIMIT 50000;
