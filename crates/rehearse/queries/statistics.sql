-- What the planner's statistics know of the columns of tables named in $1, and, if $2, of those with triggers. For a partitioned table those of
-- all its partitions together; else the table's own. Wide values are left out.
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
        OR $2::pg_catalog.bool AND c.relhastriggers
           AND EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal))
 ORDER BY s.tablename = ANY ($1::pg_catalog.text[]) DESC, 1, 2, 3
 LIMIT 20000;
