-- The name that column $2 of the table $1 has now.
SELECT a.attname FROM pg_catalog.pg_attribute AS a
 WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum = $2::pg_catalog.int2 AND NOT a.attisdropped
