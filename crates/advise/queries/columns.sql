-- The columns of relations and what ANALYZE found of them, where this role may see that. $1: the relations' OIDs.
-- Values are shown only of types whose output function is the server's own.
SELECT a.attrelid, a.attnum, a.attname, b.typname, b.typcategory, b.typtype, a.attnotnull,
       coalesce(s.null_frac, 0), coalesce(s.n_distinct, 0), coalesce(s.avg_width, greatest(t.typlen, 32)), s.correlation,
       CASE WHEN b.typnamespace = 'pg_catalog'::regnamespace OR b.typtype = 'e'
            THEN to_json(ARRAY(SELECT left(v, 200) FROM unnest((s.most_common_vals::text::text[])[1:100]) v)) END::text,
       to_json(s.most_common_freqs[1:100])::text,
       CASE WHEN b.typnamespace = 'pg_catalog'::regnamespace AND b.typcategory IN ('N', 'S', 'D')
            THEN to_json(ARRAY(SELECT left(v, 200) FROM unnest((s.histogram_bounds::text::text[])[1:101]) v)) END::text,
       s.attname IS NOT NULL,
       format_type(a.atttypid, a.atttypmod),
       (SELECT k.collname FROM pg_collation k WHERE k.oid = a.attcollation)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
                    AND s.inherited = (c.relkind = 'p')
WHERE c.oid = ANY ($1::oid[])
ORDER BY a.attrelid, a.attnum;
