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
       (SELECT k.collname FROM pg_collation k WHERE k.oid = a.attcollation),
       -- Up to 650 letters of at most four bytes fit into an entry of an index.
       b.typlen = -1 AND b.typname NOT IN ('numeric', 'inet', 'cidr')
           AND CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE coalesce(nullif(t.typtypmod, -1), 1000000) END > 654,
       CASE WHEN t.typtype = 'd' THEN format_type(b.oid, NULL) END,
       -- An array by GIN, where its elements can be ordered; a range or a shape by GiST.
       b.typcategory IN ('A', 'R', 'G') AND CASE WHEN b.typcategory = 'A' THEN EXISTS (
            SELECT FROM pg_type e WHERE e.oid = b.typelem AND (
                e.typtype IN ('e', 'r', 'm') OR EXISTS (
                    SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
                    WHERE o.opcdefault AND (o.opcintype = e.oid OR EXISTS (
                        SELECT FROM pg_cast k WHERE k.castsource = e.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b')))))
           ELSE EXISTS (
            SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod AND m.amname = 'gist'
            WHERE o.opcdefault AND (o.opcintype = b.oid
                OR b.typtype = 'r' AND o.opcintype = 'anyrange'::regtype
                OR b.typtype = 'm' AND o.opcintype = to_regtype('anymultirange'))) END
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN (
    -- A domain may be over a domain.
    WITH RECURSIVE below(oid, typtype, typbasetype) AS (
        SELECT t.oid, t.typtype, t.typbasetype
        UNION ALL
        SELECT n.oid, n.typtype, n.typbasetype FROM below w JOIN pg_type n ON n.oid = w.typbasetype WHERE w.typtype = 'd')
    SELECT w.oid FROM below w WHERE w.typtype <> 'd') ELSE t.oid END
LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
                    AND s.inherited = (c.relkind = 'p')
WHERE c.oid = ANY ($1::oid[])
ORDER BY a.attrelid, a.attnum;
