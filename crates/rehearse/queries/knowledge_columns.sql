-- What the planner's statistics know of columns and of the expressions of indexes, those of the largest relations first.
SELECT pg_catalog.json_build_object(
         's', s.schemaname, 't', s.tablename, 'c', s.attname, 'i', s.inherited, 'n', s.null_frac, 'w', s.avg_width,
         'd', s.n_distinct, 'v', s.most_common_vals::pg_catalog.text, 'f', s.most_common_freqs::pg_catalog.text,
         'h', s.histogram_bounds::pg_catalog.text, 'o', s.correlation, 'e', s.most_common_elems::pg_catalog.text,
         'g', s.most_common_elem_freqs::pg_catalog.text, 'k', s.elem_count_histogram::pg_catalog.text)
  FROM pg_catalog.pg_stats AS s
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
 WHERE s.schemaname !~ '^pg_' AND s.schemaname <> 'information_schema'
 ORDER BY c.relpages DESC, s.schemaname, s.tablename, s.attname, s.inherited
 LIMIT 30000;
