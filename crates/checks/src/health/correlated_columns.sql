-- The first two columns of keys of several columns, of tables of some size, that no statistics of several columns have
-- together: they are looked up together. $1: least number of rows.
WITH pair AS (
    SELECT i.indrelid AS relid, i.indkey[0] AS a, i.indkey[1] AS b
    FROM pg_index i
    WHERE i.indisvalid AND i.indnkeyatts > 1 AND i.indkey[0] > 0 AND i.indkey[1] > 0
    UNION
    SELECT k.conrelid, k.conkey[1], k.conkey[2]
    FROM pg_constraint k
    WHERE k.contype = 'f' AND cardinality(k.conkey) > 1
), unordered AS MATERIALIZED (
    SELECT DISTINCT p.relid, least(p.a, p.b) AS a, greatest(p.a, p.b) AS b
    FROM pair p
    JOIN pg_class c ON c.oid = p.relid
    WHERE c.reltuples >= $1::float8
)
SELECT u.relid || '.' || u.a || '.' || u.b AS id, format('%I.%I', n.nspname, c.relname) AS table,
       quote_ident(f.attname) AS first, quote_ident(s.attname) AS second,
       -- Some 5,000 rows: each block has them together.
       least(100, greatest(0.001, 500000.0 / greatest(c.reltuples, 1)))::text AS share,
       quote_ident(left(c.relname || '_' || f.attname || '_' || s.attname, 58)) AS statistics
FROM unordered u
JOIN pg_class c ON c.oid = u.relid AND c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute f ON f.attrelid = c.oid AND f.attnum = u.a
JOIN pg_attribute s ON s.attrelid = c.oid AND s.attnum = u.b
-- One of them alone finds a row: the planner needs no more.
CROSS JOIN LATERAL (SELECT t.n_distinct FROM pg_stats t WHERE t.schemaname = n.nspname AND t.tablename = c.relname
                    AND t.attname = f.attname AND NOT t.inherited OFFSET 0) fs
CROSS JOIN LATERAL (SELECT t.n_distinct FROM pg_stats t WHERE t.schemaname = n.nspname AND t.tablename = c.relname
                    AND t.attname = s.attname AND NOT t.inherited OFFSET 0) ss
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND fs.n_distinct NOT BETWEEN -1 AND -0.25 AND ss.n_distinct NOT BETWEEN -1 AND -0.25
  AND fs.n_distinct <> 1 AND ss.n_distinct <> 1
  AND has_column_privilege(c.oid, u.a, 'SELECT') AND has_column_privilege(c.oid, u.b, 'SELECT')
  AND NOT EXISTS (SELECT FROM pg_statistic_ext e
                  WHERE e.stxrelid = c.oid AND e.stxkeys::int2[] @> ARRAY[u.a, u.b]::int2[])
ORDER BY c.reltuples DESC, 1 LIMIT 20;
