-- What the planner is to know of the sizes of relations, and their files, which have to be as large for it to believe it.
WITH known AS (
  SELECT c.oid, v.tuples, v.pages, v.visible, v.blocks
    FROM (VALUES /* relations */) AS v(nspname, relname, tuples, pages, visible, blocks)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = v.nspname
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = v.relname AND c.relkind IN ('r', 'm', 'i', 'p')
), changed AS (
  UPDATE pg_catalog.pg_class AS c
     SET reltuples = k.tuples, relpages = k.pages, relallvisible = k.visible
    FROM known AS k
   WHERE c.oid = k.oid
   RETURNING c.oid
)
SELECT pg_catalog.pg_relation_filepath(k.oid), k.blocks
  FROM known AS k JOIN changed USING (oid)
 WHERE pg_catalog.pg_relation_filepath(k.oid) IS NOT NULL AND k.blocks > 0;
