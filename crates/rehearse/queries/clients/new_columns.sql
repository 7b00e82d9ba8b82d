-- The columns of the constraint named $2 of the table $1.
SELECT k FROM pg_catalog.pg_constraint AS c, pg_catalog.unnest(c.conkey) AS k
 WHERE c.conrelid = $1::pg_catalog.oid AND c.conname = $2
