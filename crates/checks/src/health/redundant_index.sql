-- B-trees on columns alone that enforce nothing and whose keys another B-tree with the same condition begins with.
WITH one AS (
    SELECT i.indexrelid, i.indrelid, i.indnkeyatts, i.indnatts, c.relname, c.relkind, c.relpages, i.indisunique, i.indisreplident,
           i.indkey::int2[] AS keys, i.indclass::oid[] AS classes, i.indcollation::oid[] AS collations,
           i.indoption::int2[] AS options,
           regexp_replace(coalesce(i.indpred::text, ''), ':location -?[0-9]+', '', 'g') AS condition
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid AND c.relpersistence <> 't'
    JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indisvalid AND i.indexprs IS NULL
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid)
)
SELECT format('%I.%I', n.nspname, a.relname) AS name, format('%I.%I', n.nspname, t.relname) AS table,
       format('%I.%I', n.nspname, b.relname) AS other, a.relkind = 'I' AS is_partitioned,
       a.relpages::bigint * current_setting('block_size')::bigint AS bytes, count(*) OVER () AS total
FROM one a
CROSS JOIN LATERAL (
    SELECT b.relname FROM one b
    WHERE b.indrelid = a.indrelid AND b.indnkeyatts > a.indnkeyatts AND b.condition = a.condition
      AND b.keys[0:a.indnkeyatts - 1] = a.keys[0:a.indnkeyatts - 1]
      AND b.classes[0:a.indnkeyatts - 1] = a.classes[0:a.indnkeyatts - 1]
      AND b.collations[0:a.indnkeyatts - 1] = a.collations[0:a.indnkeyatts - 1]
      AND b.options[0:a.indnkeyatts - 1] = a.options[0:a.indnkeyatts - 1]
    ORDER BY b.indnkeyatts, b.indexrelid LIMIT 1) b
JOIN pg_class t ON t.oid = a.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE NOT a.indisunique AND NOT a.indisreplident AND a.indnatts = a.indnkeyatts
  AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = a.indexrelid)
ORDER BY a.relpages DESC, name LIMIT 100;
