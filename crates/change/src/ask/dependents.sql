-- What would stand in the way of dropping an object ($1 its catalog, $2 what its reg type reads,
-- $3 a column of it): one line each, without what goes along silently, and without what is gone by then
-- ($4 OIDs of objects, $5 columns as OID of the table, a dot, and number, $6 columns whose default is gone).
WITH target AS (
    SELECT CASE $1 WHEN 'pg_class' THEN to_regclass($2)::oid WHEN 'pg_type' THEN to_regtype($2)::oid
                   WHEN 'pg_namespace' THEN to_regnamespace($2)::oid END AS oid
)
SELECT string_agg(DISTINCT line, E'\n')
FROM (
    SELECT CASE WHEN r.ev_class IS NOT NULL THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
                ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END AS line
    FROM target t
    JOIN pg_depend d ON d.refclassid = $1::text::regclass AND d.refobjid = t.oid AND d.deptype = 'n'
    LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    WHERE ($3::text IS NULL OR d.refobjsubid = (SELECT attnum FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = $3))
      AND r.ev_class IS DISTINCT FROM t.oid
      AND NOT coalesce(r.ev_class = ANY ($4::text::oid[]), false)
      AND NOT d.objid = ANY ($4::text::oid[])
      AND NOT EXISTS (SELECT FROM pg_depend own WHERE own.classid = d.classid AND own.objid = d.objid AND own.deptype = 'i'
                      AND own.refobjid = ANY ($4::text::oid[]))
      AND NOT (d.classid = 'pg_class'::regclass AND d.objid || '.' || d.objsubid = ANY ($5::text::text[]))
      AND NOT EXISTS (SELECT FROM pg_attrdef e WHERE d.classid = 'pg_attrdef'::regclass AND e.oid = d.objid
                      AND e.adrelid || '.' || e.adnum = ANY ($5::text::text[] || $6::text::text[]))
      -- What is of the object itself, such as a check that mentions the column, goes along.
      AND NOT EXISTS (SELECT FROM pg_depend own WHERE own.classid = d.classid AND own.objid = d.objid AND own.objsubid = d.objsubid
                      AND own.refclassid = d.refclassid AND own.refobjid = d.refobjid AND own.refobjsubid IN (0, d.refobjsubid) AND own.deptype IN ('a', 'i'))
      -- The functions that make a multirange go with its range.
      AND NOT EXISTS (SELECT FROM pg_depend own JOIN pg_type m ON m.oid = own.refobjid AND m.typtype = 'm'
                      WHERE d.classid = 'pg_proc'::regclass AND own.classid = d.classid AND own.objid = d.objid
                      AND own.refclassid = 'pg_type'::regclass AND own.deptype = 'i')
      -- A table's own keys go with it.
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
                      AND k.conrelid = t.oid AND $3::text IS NULL)
    UNION ALL
    -- Foreign keys hang on the unique index of what they refer to.
    SELECT pg_describe_object('pg_constraint'::regclass, k.oid, 0)
    FROM target t JOIN pg_constraint k ON $1 = 'pg_class' AND k.contype = 'f' AND k.confrelid = t.oid
    WHERE $3::text IS NOT NULL AND k.confkey @> ARRAY[(SELECT attnum FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = $3)]
) AS lines
