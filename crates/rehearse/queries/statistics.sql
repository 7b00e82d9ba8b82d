-- What the planner's statistics know of the columns of tables named in $1, and, if $2, of those with triggers; and of the
-- columns by which others refer to those named, or are referred to by them. For a partitioned table those of
-- all its partitions together; else the table's own. Wide values are left out.
WITH named AS MATERIALIZED (
  SELECT c.oid FROM pg_catalog.pg_class AS c WHERE c.relkind IN ('r', 'p') AND c.relname = ANY ($1::pg_catalog.text[])
), keys AS MATERIALIZED (
  SELECT k.conrelid AS table_of, a.attname AS name
    FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
   WHERE k.contype = 'f' AND pg_catalog.cardinality(k.conkey) = 1 AND k.confrelid IN (SELECT oid FROM named)
  UNION
  SELECT k.confrelid, a.attname
    FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = k.confkey[1]
   WHERE k.contype = 'f' AND pg_catalog.cardinality(k.confkey) = 1 AND k.conrelid IN (SELECT oid FROM named)
)
SELECT s.schemaname, s.tablename, s.attname, s.null_frac, s.n_distinct,
       coalesce(s.most_common_freqs[1], 0),
       CASE WHEN c.reltuples > 0 THEN c.reltuples END,
       (SELECT pg_catalog.json_agg(v ORDER BY place)
          FROM pg_catalog.unnest(coalesce(s.most_common_vals::pg_catalog.text::pg_catalog.text[], '{}')
                                 || coalesce(s.histogram_bounds::pg_catalog.text::pg_catalog.text[], '{}'))
                 WITH ORDINALITY AS u(v, place)
         WHERE v IS NOT NULL AND pg_catalog.octet_length(v) <= 200),
       s.most_common_vals IS NULL
  FROM pg_catalog.pg_stats AS s
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename AND c.relkind IN ('r', 'p')
 WHERE s.inherited = (c.relkind = 'p')
   AND s.schemaname !~ '^pg_' AND s.schemaname <> 'information_schema'
   AND (s.tablename = ANY ($1::pg_catalog.text[])
        OR (c.oid, s.attname) IN (SELECT table_of, name FROM keys)
        OR $2::pg_catalog.bool AND c.relhastriggers
           AND EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal))
 ORDER BY s.tablename = ANY ($1::pg_catalog.text[]) DESC, 1, 2, 3
 LIMIT 20000;
