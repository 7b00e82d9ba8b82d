-- Indexes of which another one is the same in all that matters: method, keys, classes, collations, order, condition. The
-- one that enforces something, else the older one, stays. Expressions are compared as they are stored, without the places
-- that they had in their statements.
WITH several AS MATERIALIZED (
    SELECT DISTINCT i.indrelid FROM pg_index i WHERE i.indrelid >= 16384
    GROUP BY i.indrelid, i.indkey::text, i.indclass HAVING count(*) > 1
), one AS (
    SELECT i.indexrelid, i.indrelid, c.relname, c.relkind, c.relpages, i.indisunique, i.indimmediate,
           i.indisunique AND i.indnullsnotdistinct AS one_null, --since 15
           false AS one_null, --before 15
           i.indisprimary OR i.indisreplident OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid) AS is_needed,
           (c.relam, i.indnkeyatts, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text,
            regexp_replace(coalesce(i.indexprs::text, ''), ':location -?[0-9]+', '', 'g'),
            regexp_replace(coalesce(i.indpred::text, ''), ':location -?[0-9]+', '', 'g'))::text AS what
    FROM several
    JOIN pg_index i ON i.indrelid = several.indrelid
    JOIN pg_class c ON c.oid = i.indexrelid AND c.relpersistence <> 't'
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indisvalid AND NOT i.indisexclusion
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid)
), ranked AS (
    -- A unique one does what the other does, and more; one that takes a single NULL, more again.
    SELECT o.*, first_value(o.indexrelid) OVER same AS stays, row_number() OVER same AS place
    FROM one o
    WINDOW same AS (PARTITION BY o.indrelid, o.what ORDER BY o.is_needed DESC, o.one_null DESC, o.indisunique DESC, o.indexrelid)
)
SELECT format('%I.%I', n.nspname, r.relname) AS name, format('%I.%I', n.nspname, t.relname) AS table,
       format('%I.%I', n.nspname, s.relname) AS other, r.relkind = 'I' AS is_partitioned,
       r.relpages::bigint * current_setting('block_size')::bigint AS bytes, count(*) OVER () AS total
FROM ranked r
JOIN pg_class t ON t.oid = r.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_class s ON s.oid = r.stays
JOIN one o ON o.indexrelid = r.stays
WHERE r.place > 1 AND NOT r.is_needed
  -- It stays where it refuses what the other lets pass: a second NULL, or a duplicate until the commit.
  AND NOT (r.indisunique AND (r.one_null AND NOT o.one_null OR r.indimmediate AND NOT o.indimmediate))
ORDER BY r.relpages DESC, name LIMIT 100;
