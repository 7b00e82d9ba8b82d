-- Whether the column $2 of the table $1 takes no NULL.
SELECT a.attnotnull FROM pg_catalog.pg_attribute AS a
 WHERE a.attrelid = $1::pg_catalog.oid AND a.attname = $2 AND NOT a.attisdropped;
