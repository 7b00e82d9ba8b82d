-- Sequences that end, with the column that they feed, if it is narrower than they are.
WITH fed AS (
    -- Its owner, and columns whose default takes its numbers.
    SELECT d.objid AS sequence, d.refobjid AS relid, d.refobjsubid AS number
    FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT s.seqrelid, def.adrelid, def.adnum
    FROM pg_depend d
    JOIN pg_sequence s ON s.seqrelid = d.refobjid
    JOIN pg_attrdef def ON def.oid = d.objid
    WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
), owner AS (
    SELECT DISTINCT ON (f.sequence) f.sequence, f.relid, a.attnum, a.attname, a.atttypid, m.max
    FROM fed f
    JOIN pg_attribute a ON a.attrelid = f.relid AND a.attnum = f.number
    CROSS JOIN LATERAL (
        SELECT CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 END::bigint AS max) m
    ORDER BY f.sequence, m.max NULLS LAST, a.attinhcount, f.relid, a.attnum
), shared AS (
    -- Other columns that end as well, or soon after. A partition's changes with the whole.
    SELECT f.sequence,
           json_agg(json_build_array(format('%I.%I', n.nspname, c.relname), quote_ident(a.attname)) ORDER BY c.oid, a.attnum) AS others
    FROM (SELECT DISTINCT sequence, relid, number FROM fed) f
    JOIN owner o ON o.sequence = f.sequence AND (o.relid, o.attnum) <> (f.relid, f.number)
    JOIN pg_attribute a ON a.attrelid = f.relid AND a.attnum = f.number
    JOIN pg_class c ON c.oid = f.relid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attinhcount = 0 AND a.atttypid IN ('int2'::regtype, 'int4'::regtype)
    GROUP BY f.sequence
)
SELECT s.seqrelid AS oid, format('%I.%I', n.nspname, c.relname) AS name,
       CASE WHEN s.seqincrement > 0 THEN least(s.seqmax, o.max) ELSE s.seqmin END AS last_possible,
       s.seqstart AS start, s.seqincrement AS increment, format_type(s.seqtypid, NULL) AS type,
       CASE WHEN t.oid IS NOT NULL THEN format('%I.%I', tn.nspname, t.relname) END AS table, quote_ident(o.attname) AS column,
       h.others, o.max AS column_max, format_type(o.atttypid, NULL) AS column_type,
       pg_stat_get_tuples_inserted(t.oid) AS inserted,
       has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') AS is_readable
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN owner o ON o.sequence = s.seqrelid
LEFT JOIN shared h ON h.sequence = s.seqrelid
LEFT JOIN pg_class t ON t.oid = o.relid
LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE NOT s.seqcycle AND c.relpersistence <> 't';
