-- The last values of the sequences $1. Takes a lock on each until the transaction ends; those that somebody locks wholly,
-- or waits to, are left out.
WITH locked AS MATERIALIZED (
    SELECT l.relation FROM pg_locks l
    WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
)
SELECT s AS oid, s IN (SELECT relation FROM locked) AS is_locked,
       CASE WHEN s NOT IN (SELECT relation FROM locked) THEN pg_sequence_last_value(s::regclass) END AS last
FROM unnest($1::oid[]) s;
