-- The OIDs of relations by schema and name, with those of the tables that their partitions belong to.
-- $1, $2: schemas and names, in step.
SELECT c.oid, n.nspname, c.relname,
       coalesce((SELECT t.relid::oid FROM pg_partition_ancestors(c.oid) WITH ORDINALITY t(relid, depth)
                 WHERE c.relispartition ORDER BY depth DESC LIMIT 1), c.oid)
FROM unnest($1::name[], $2::name[]) w(schema, name)
JOIN pg_namespace n ON n.nspname = w.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'howdah')
GROUP BY 1, 2, 3, 4
ORDER BY 1;
