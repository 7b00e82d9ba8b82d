-- Unique indexes over whole tables, and their columns.
SELECT i.indexrelid, i.indrelid, r.relname, i.indnkeyatts, i.indkey
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS r ON r.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
 WHERE i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';
