-- The valid indexes of relations, each key as the server deparses it. $1: the relations' OIDs.
SELECT x.indrelid, i.relname, m.amname, x.indisunique, x.indnkeyatts, x.indnatts,
       to_json(ARRAY(SELECT pg_get_indexdef(x.indexrelid, k, true) FROM generate_series(1, x.indnatts) k))::text,
       CASE WHEN x.indpred IS NOT NULL THEN pg_get_expr(x.indpred, x.indrelid) END,
       array_to_string(x.indoption, ' '),
       to_json(ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = x.indrelid AND a.attnum > 0
                     AND (a.attnum = ANY (x.indkey::int2[])
                          OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid
                                     AND d.refclassid = 'pg_class'::regclass AND d.refobjid = x.indrelid AND d.refobjsubid = a.attnum))))::text,
       pg_get_indexdef(x.indexrelid), x.indisprimary,
       -- Whether each key has the operator class and the collation that a key has for which none is said.
       to_json(ARRAY(SELECT coalesce((SELECT o.opcdefault FROM pg_opclass o WHERE o.oid = x.indclass[k - 1]), true)
                            AND coalesce((SELECT x.indcollation[k - 1] IN (0, a.attcollation) FROM pg_attribute a
                                          WHERE a.attrelid = x.indrelid AND a.attnum = x.indkey[k - 1] AND a.attnum > 0), true)
                     FROM generate_series(1, x.indnkeyatts) k ORDER BY k))::text,
       x.indisclustered
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_am m ON m.oid = i.relam
WHERE x.indrelid = ANY ($1::oid[]) AND x.indisvalid AND x.indisready
ORDER BY x.indrelid, i.relname;
