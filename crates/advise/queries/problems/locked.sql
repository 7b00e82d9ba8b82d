-- Tables that somebody locks wholly, or waits to. $1: only these schemas, or null for all.
SELECT DISTINCT n.nspname, c.relname
FROM pg_locks l
JOIN pg_class r ON r.oid = l.relation
LEFT JOIN pg_index x ON x.indexrelid = r.oid
JOIN pg_class c ON c.oid = coalesce(x.indrelid, r.oid) AND c.relkind IN ('r', 'p', 'm')
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE l.mode = 'AccessExclusiveLock' AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'howdah')
  AND ($1::text[] IS NULL OR n.nspname = ANY ($1::text[]))
ORDER BY n.nspname, c.relname
