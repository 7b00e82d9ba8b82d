-- Constraints that are enforced for new rows and unproved for old ones.
-- To deparse one is to lock its table: of one that somebody locks wholly, or waits to, the definition is not told.
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
SELECT quote_ident(c.conname) AS name, format('%I.%I', n.nspname, r.relname) AS table,
       CASE WHEN c.conrelid IN (SELECT relation FROM locked) THEN '(not told: its table is locked)'
            ELSE pg_get_constraintdef(c.oid) END AS definition, count(*) OVER () AS total
FROM pg_constraint c
JOIN pg_class r ON r.oid = c.conrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE NOT c.convalidated AND c.contype IN ('c', 'f', 'n')
  AND c.conenforced --since 18
ORDER BY 2, 1 LIMIT 100;
