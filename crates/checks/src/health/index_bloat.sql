-- B-tree indexes of some size, with the pages that their entries would fill.
-- $1: the least size in MiB.
WITH big AS (
    SELECT c.oid, n.nspname, c.relname, t.relname AS table_name, i.indrelid, i.indexprs IS NOT NULL AS has_expressions,
           i.indnatts, i.indkey, c.reltuples, c.relpages, current_setting('block_size')::int AS page,
           coalesce((SELECT o.option_value::int FROM pg_options_to_table(c.reloptions) o
                     WHERE o.option_name = 'fillfactor'), 90) AS fillfactor
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' AND c.relpersistence <> 't'
    JOIN pg_am am ON am.oid = c.relam AND am.amname = 'btree'
    JOIN pg_class t ON t.oid = i.indrelid AND t.relkind IN ('r', 'm')
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indisvalid AND c.relpages::float8 * current_setting('block_size')::int >= $1::float8 * 1048576
), width AS (
    SELECT b.oid, count(s.avg_width) AS known, bool_or(s.null_frac > 0) AS has_nulls,
           sum((1 - s.null_frac) * s.avg_width) AS data
    FROM big b
    JOIN pg_attribute a ON a.attrelid = b.oid AND a.attnum > 0
    -- Statistics of an expression stand under the index, those of a column under the table.
    LEFT JOIN pg_attribute o ON o.attrelid = b.indrelid AND o.attnum = b.indkey[a.attnum - 1] AND o.attnum > 0
    LEFT JOIN pg_stats s ON s.schemaname = b.nspname AND NOT s.inherited
         AND s.tablename = CASE WHEN o.attnum IS NULL THEN b.relname ELSE b.table_name END
         AND s.attname = coalesce(o.attname, a.attname)
    GROUP BY b.oid
), filled AS (
    SELECT b.*, w.known = b.indnatts AS is_known,
           -- A tuple header with or without null bitmap, the key, a line pointer; one page in a hundred above the leaves.
           ceil(b.reltuples / greatest(floor((b.page - 40) * b.fillfactor / 100.0
               / (CASE WHEN w.has_nulls THEN 16 ELSE 8 END + ceil(w.data / 8) * 8 + 4)), 1)) * 1.01 + 1 AS needed
    FROM big b JOIN width w ON w.oid = b.oid
)
SELECT f.oid, format('%I.%I', f.nspname, f.relname) AS name, f.fillfactor,
       f.relpages::bigint * f.page AS bytes, f.is_known AND f.reltuples >= 0 AS is_known,
       CASE WHEN f.is_known AND f.reltuples >= 0 THEN greatest(0, 100 * (1 - f.needed / f.relpages)) END AS percent,
       count(*) OVER () AS indexes
FROM filled f
ORDER BY CASE WHEN f.is_known THEN greatest(0, f.relpages - f.needed) ELSE f.relpages END DESC, name
LIMIT 100;
