-- Foreign keys of tables of some size whose columns no B-tree begins with, in any order, and no hash index has. One with a
-- condition counts where that is that its columns are not null: it is as long as that and deparsing it would lock the table.
-- $1: least number of rows.
WITH large AS MATERIALIZED (
    SELECT k.*, rows.count AS rows
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid
    CROSS JOIN LATERAL (
        -- Of a partitioned table its leaves have the rows.
        SELECT CASE c.relkind
               WHEN 'p' THEN (SELECT coalesce(sum(greatest(l.reltuples, 0)), 0)::bigint
                              FROM pg_partition_tree(c.oid) p JOIN pg_class l ON l.oid = p.relid WHERE p.isleaf)
               ELSE greatest(c.reltuples, 0)::bigint END AS count) rows
    WHERE k.contype = 'f' AND k.conparentid = 0 AND rows.count >= $1::float8
)
SELECT quote_ident(k.conname) AS name, format('%I.%I', n.nspname, c.relname) AS table, format('%I.%I', rn.nspname, r.relname) AS referenced,
       (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.place)
        FROM unnest(k.conkey) WITH ORDINALITY u(number, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) AS columns,
       k.rows AS rows, coalesce(pg_stat_get_tuples_deleted(r.oid), 0) AS deleted, c.relkind = 'p' AS is_partitioned,
       count(*) OVER () AS total
FROM large k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class r ON r.oid = k.confrelid
JOIN pg_namespace rn ON rn.oid = r.relnamespace
WHERE NOT EXISTS (
      SELECT FROM pg_index x
      JOIN pg_class i ON i.oid = x.indexrelid
      JOIN pg_am m ON m.oid = i.relam AND m.amname IN ('btree', 'hash')
      WHERE x.indrelid = k.conrelid AND x.indisvalid
        AND (x.indpred IS NULL OR x.indpred::text LIKE '{NULLTEST %:nulltesttype 1 %')
        AND (x.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
ORDER BY k.rows DESC, 2, 1 LIMIT 100;
