-- CHECK constraints of one column each: of which table and column, and what they ask for.
SELECT c.oid, c.conrelid, c.conname, c.conkey[1], c.convalidated,
       pg_catalog.pg_get_expr(c.conbin, c.conrelid), pg_catalog.quote_ident(r.relname), pg_catalog.quote_ident(a.attname),
       pg_catalog.format_type(a.atttypid, a.atttypmod)
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
 WHERE c.contype = 'c' AND pg_catalog.cardinality(c.conkey) = 1 AND r.relkind IN ('r', 'p')
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';
