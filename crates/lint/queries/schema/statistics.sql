-- What ANALYZE found, of the columns that this role may read.
-- Values are shown only of types whose output function is the server's own.
, reviewed AS (
    SELECT a.attrelid, a.attnum, c.reltuples, s.null_frac, s.n_distinct, s.avg_width, s.most_common_vals, s.most_common_freqs,
           s.histogram_bounds,
           b.oid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) AS is_text,
           b.oid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) AS is_integer
    FROM chosen c
    JOIN pg_stats s ON s.schemaname = c.nspname AND s.tablename = c.relname AND s.inherited = (c.relkind = 'p')
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
    WHERE NOT c.relispartition
)
SELECT r.attrelid, r.attnum, r.null_frac, r.n_distinct, r.avg_width,
       CASE WHEN r.is_text AND r.reltuples >= 100
            THEN to_json(ARRAY(SELECT left(v, 200) FROM unnest((r.most_common_vals::text::text[])[1:30]) v)) END,
       (SELECT sum(f) FROM unnest(r.most_common_freqs) f),
       cardinality(r.most_common_freqs),
       CASE WHEN r.is_text AND r.reltuples >= 100
            THEN to_json(ARRAY(SELECT left(v, 200) FROM unnest((r.histogram_bounds::text::text[])[1:100]) v)) END,
       CASE WHEN r.is_integer THEN
           greatest((SELECT max(v) FROM unnest(r.most_common_vals::text::bigint[]) v),
                    (SELECT max(v) FROM unnest(r.histogram_bounds::text::bigint[]) v)) END,
       CASE WHEN r.is_integer THEN
           least((SELECT min(v) FROM unnest(r.most_common_vals::text::bigint[]) v),
                 (SELECT min(v) FROM unnest(r.histogram_bounds::text::bigint[]) v)) END
FROM reviewed r;
