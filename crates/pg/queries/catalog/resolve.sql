-- The relation meant by a name. $1 and $2: schemas (null: searched) and names,
-- in the order in which they are tried.
SELECT c.oid::bigint
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted(schema, name, attempt)
JOIN pg_class c ON c.relname = wanted.name::name
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (SELECT current_setting('howdah.schemas')::name[]) AS searched(schemas)
WHERE CASE WHEN wanted.schema IS NULL
           THEN n.nspname = ANY (searched.schemas)
           ELSE n.nspname = wanted.schema::name END
ORDER BY wanted.attempt, array_position(searched.schemas, n.nspname)
LIMIT 1;
