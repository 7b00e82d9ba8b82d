-- Indexes that no query has used since the counters began and that enforce nothing.
-- $1: least size in MiB.
-- To deparse one is to lock its table: of one that somebody locks wholly, or waits to, the definition is not told.
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
SELECT format('%I.%I', n.nspname, c.relname) AS name, format('%I.%I', n.nspname, t.relname) AS table,
       c.relpages::bigint * current_setting('block_size')::bigint AS bytes, CASE WHEN i.indrelid IN (SELECT relation FROM locked) THEN '(not told: its table is locked)'
            ELSE pg_get_indexdef(c.oid) END AS definition,
       sum(c.relpages::float8 * current_setting('block_size')::bigint) OVER () AS all_bytes, count(*) OVER () AS total
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisunique AND NOT i.indisexclusion AND NOT i.indisreplident AND i.indisvalid
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
  AND pg_stat_get_numscans(c.oid) = 0
  AND c.relpages::float8 * current_setting('block_size')::int >= $1::float8 * 1048576
ORDER BY c.relpages DESC, name LIMIT 20;
