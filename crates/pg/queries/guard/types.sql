-- What making a value of a type runs. {which} is an array of OIDs.
SELECT
    t.oid,
    n.nspname,
    t.typname,
    -- Types that it is made of: element, base, attributes, subtype.
    pg_catalog.concat_ws(' ', t.typelem, t.typbasetype, r.rngsubtype, m.rngsubtype,
        (SELECT pg_catalog.string_agg(a.atttypid::pg_catalog.text, ' ')
         FROM pg_catalog.pg_attribute AS a
         WHERE t.typrelid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
           AND a.attrelid OPERATOR(pg_catalog.=) t.typrelid
           AND a.attnum OPERATOR(pg_catalog.>) 0
           AND NOT a.attisdropped)),
    -- Functions that read, write and check it.
    CASE WHEN t.typtype OPERATOR(pg_catalog.=) 'b'::pg_catalog."char"
              AND t.typinput::pg_catalog.oid OPERATOR(pg_catalog.<>) 750::pg_catalog.oid THEN
        pg_catalog.concat_ws(' ', t.typinput::pg_catalog.oid, t.typoutput::pg_catalog.oid,
            t.typmodout::pg_catalog.oid)
    END,
    -- Those of a base type that analysing a statement runs: for a modifier, and for subscripts.
    CASE WHEN t.typtype OPERATOR(pg_catalog.=) 'b'::pg_catalog."char"
              AND t.typinput::pg_catalog.oid OPERATOR(pg_catalog.<>) 750::pg_catalog.oid THEN
        pg_catalog.concat_ws(' ', t.typmodin::pg_catalog.oid,
            (SELECT pg_catalog.string_agg(d.refobjid::pg_catalog.text, ' ')
             FROM pg_catalog.pg_depend AS d
             WHERE d.classid OPERATOR(pg_catalog.=) 1247::pg_catalog.oid
               AND d.objid OPERATOR(pg_catalog.=) t.oid
               AND d.refclassid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
               AND d.refobjid OPERATOR(pg_catalog.<>) ALL (ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend,
                   t.typmodin, t.typmodout, t.typanalyze]::pg_catalog.oid[])))
    END,
    pg_catalog.concat_ws(' ', r.rngcanonical::pg_catalog.oid, r.rngsubdiff::pg_catalog.oid,
        m.rngcanonical::pg_catalog.oid, m.rngsubdiff::pg_catalog.oid,
        (SELECT pg_catalog.string_agg(f.amproc::pg_catalog.oid::pg_catalog.text, ' ')
         FROM pg_catalog.pg_opclass AS k
         JOIN pg_catalog.pg_amproc AS f ON f.amprocfamily OPERATOR(pg_catalog.=) k.opcfamily
         WHERE k.oid OPERATOR(pg_catalog.=) ANY (ARRAY[r.rngsubopc, m.rngsubopc])
           AND k.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)),
    -- Checks of a domain, as trees.
    CASE WHEN t.typtype OPERATOR(pg_catalog.=) 'd'::pg_catalog."char" THEN
        (SELECT pg_catalog.array_to_json(pg_catalog.array_agg(c.conbin::pg_catalog.text))
         FROM pg_catalog.pg_constraint AS c
         WHERE c.contypid OPERATOR(pg_catalog.=) t.oid AND c.conbin IS NOT NULL)
    END,
    EXISTS (SELECT FROM pg_catalog.pg_depend AS d
            WHERE d.classid OPERATOR(pg_catalog.=) 1247::pg_catalog.oid
              AND d.objid OPERATOR(pg_catalog.=) t.oid
              AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
LEFT JOIN pg_catalog.pg_range AS r ON r.rngtypid OPERATOR(pg_catalog.=) t.oid
LEFT JOIN pg_catalog.pg_range AS m ON t.typtype OPERATOR(pg_catalog.=) 'm'::pg_catalog."char"
    AND pg_catalog.to_jsonb(m) OPERATOR(pg_catalog.->>) 'rngmultitypid' OPERATOR(pg_catalog.=) t.oid::pg_catalog.text
WHERE t.oid OPERATOR(pg_catalog.=) ANY ({which})
