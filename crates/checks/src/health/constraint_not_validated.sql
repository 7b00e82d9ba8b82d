-- Constraints that are enforced for new rows and unproved for old ones.
-- To deparse one is to lock its table: of one that somebody locks wholly, or waits to, the definition is not told.
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
SELECT quote_ident(c.conname) AS name, format('%I.%I', n.nspname, coalesce(r.relname, t.typname)) AS table,
       t.oid IS NOT NULL AS is_domain,
       CASE WHEN c.conrelid IN (SELECT relation FROM locked) THEN '(not told: its table is locked)'
            ELSE pg_get_constraintdef(c.oid) END AS definition, count(*) OVER () AS total
FROM pg_constraint c
LEFT JOIN pg_class r ON r.oid = c.conrelid
LEFT JOIN pg_type t ON t.oid = c.contypid
JOIN pg_namespace n ON n.oid = coalesce(r.relnamespace, t.typnamespace)
WHERE NOT c.convalidated AND c.contype IN ('c', 'f', 'n')
  AND c.conenforced --since 18
ORDER BY 2, 1 LIMIT 100;
