-- The table that the foreign key $3 of the table $2 in the schema $1 refers to.
SELECT c.confrelid
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
 WHERE c.contype = 'f' AND n.nspname = $1 AND r.relname = $2 AND c.conname = $3;
