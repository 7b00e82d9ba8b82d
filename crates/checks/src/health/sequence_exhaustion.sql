-- Sequences that end, with the column that they feed, if it is narrower than they are.
SELECT s.seqrelid AS oid, format('%I.%I', n.nspname, c.relname) AS name,
       CASE WHEN s.seqincrement > 0 THEN least(s.seqmax, owner.max) ELSE s.seqmin END AS last_possible,
       s.seqstart AS start, s.seqincrement AS increment,
       format_type(s.seqtypid, NULL) AS type,
       owner.column AS feeds, owner.max AS column_max, owner.type AS column_type, owner.table AS table,
       owner.inserted,
       has_sequence_privilege(s.seqrelid, 'USAGE, SELECT') AS is_readable
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
    SELECT format('%I.%I.%I', tn.nspname, t.relname, a.attname) AS column,
           format('%I.%I', tn.nspname, t.relname) AS table,
           format_type(a.atttypid, NULL) AS type,
           CASE a.atttypid WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 END::bigint AS max,
           pg_stat_get_tuples_inserted(t.oid) AS inserted
    FROM (SELECT d.refobjid AS relid, d.refobjsubid AS number
          FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
            AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
          UNION ALL
          SELECT def.adrelid, def.adnum
          FROM pg_depend d JOIN pg_attrdef def ON def.oid = d.objid
          WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.seqrelid) fed
    JOIN pg_attribute a ON a.attrelid = fed.relid AND a.attnum = fed.number
    JOIN pg_class t ON t.oid = fed.relid
    JOIN pg_namespace tn ON tn.oid = t.relnamespace
    ORDER BY max NULLS LAST LIMIT 1
) owner ON true
WHERE NOT s.seqcycle AND c.relpersistence <> 't';
