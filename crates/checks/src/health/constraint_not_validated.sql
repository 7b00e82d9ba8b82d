-- Constraints that are enforced for new rows and unproved for old ones.
SELECT quote_ident(c.conname) AS name, format('%I.%I', n.nspname, r.relname) AS table,
       pg_get_constraintdef(c.oid) AS definition, count(*) OVER () AS total
FROM pg_constraint c
JOIN pg_class r ON r.oid = c.conrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE NOT c.convalidated AND c.contype IN ('c', 'f', 'n')
  AND c.conenforced --since 18
ORDER BY 2, 1 LIMIT 100;
