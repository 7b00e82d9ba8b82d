-- Columns that took NULL, and of which the target's statistics do not say that some row has none:
-- those are left out by their writers.
SELECT a.attrelid, a.attname
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_temp.known AS k WHERE k.relation = a.attrelid AND k.name = a.attname AND k.nulls);
