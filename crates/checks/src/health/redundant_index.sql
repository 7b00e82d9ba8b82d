-- B-trees on columns alone that enforce nothing and whose keys another B-tree with the same condition begins with.
WITH redundant AS (
    -- A table's indexes are found by its oid; vectors of keys are compared as the text that they are written as.
    SELECT DISTINCT ON (a.indexrelid) a.indrelid, c.relname, c.relkind, c.relpages, d.relname AS other
    FROM pg_index a
    JOIN pg_class c ON c.oid = a.indexrelid AND c.relpersistence <> 't'
    JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    JOIN pg_index b ON b.indrelid = a.indrelid AND b.indnkeyatts > a.indnkeyatts AND b.indisvalid AND b.indexprs IS NULL
                   AND b.indkey::text LIKE a.indkey::text || ' %' AND b.indclass::text LIKE a.indclass::text || ' %'
                   AND b.indcollation::text LIKE a.indcollation::text || ' %' AND b.indoption::text LIKE a.indoption::text || ' %'
    JOIN pg_class d ON d.oid = b.indexrelid AND d.relam = c.relam
    WHERE a.indisvalid AND a.indexprs IS NULL AND NOT a.indisunique AND NOT a.indisreplident AND a.indnatts = a.indnkeyatts
      AND regexp_replace(coalesce(a.indpred::text, ''), ':location -?[0-9]+', '', 'g')
        = regexp_replace(coalesce(b.indpred::text, ''), ':location -?[0-9]+', '', 'g')
      AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid)
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = a.indexrelid)
    ORDER BY a.indexrelid, b.indnkeyatts, b.indexrelid
)
SELECT format('%I.%I', n.nspname, a.relname) AS name, format('%I.%I', n.nspname, t.relname) AS table,
       format('%I.%I', n.nspname, a.other) AS other, a.relkind = 'I' AS is_partitioned,
       a.relpages::bigint * current_setting('block_size')::bigint AS bytes, count(*) OVER () AS total
FROM redundant a
JOIN pg_class t ON t.oid = a.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
ORDER BY a.relpages DESC, name LIMIT 100;
