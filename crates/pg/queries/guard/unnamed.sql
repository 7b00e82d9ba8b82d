-- Every function that may be called without being named: by casts, operator classes, text search templates and
-- parsers, conversions and modifiers of types that somebody added, but for code of the server itself and of the
-- libraries in $1.
SELECT u.kind, p.oid, u.type, u.other
FROM (
    SELECT 'cast' AS kind, c.castfunc AS proc, c.casttarget AS type, c.castsource AS other
    FROM pg_catalog.pg_cast AS c
    WHERE c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    UNION ALL
    SELECT 'class', m.amproc::pg_catalog.oid, m.amproclefttype, m.amprocrighttype
    FROM pg_catalog.pg_amproc AS m
    WHERE m.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    UNION ALL
    -- What the server itself takes to order and to hash a type of its own.
    SELECT 'order', m.amproc::pg_catalog.oid, m.amproclefttype, m.amprocrighttype
    FROM pg_catalog.pg_amproc AS m
    JOIN pg_catalog.pg_opclass AS k ON k.opcfamily OPERATOR(pg_catalog.=) m.amprocfamily
        AND k.opcintype OPERATOR(pg_catalog.=) m.amproclefttype
    WHERE m.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
      AND k.opcdefault
      AND k.opcintype OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
      AND k.opcmethod OPERATOR(pg_catalog.=) ANY (ARRAY[403, 405]::pg_catalog.oid[])
    UNION ALL
    SELECT 'class', o.oprcode::pg_catalog.oid, m.amoplefttype, m.amoprighttype
    FROM pg_catalog.pg_amop AS m
    JOIN pg_catalog.pg_operator AS o ON o.oid OPERATOR(pg_catalog.=) m.amopopr
    WHERE m.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    UNION ALL
    SELECT 'search', f.proc, NULL::pg_catalog.oid, NULL::pg_catalog.oid
    FROM pg_catalog.pg_ts_template AS t
    CROSS JOIN LATERAL (VALUES (t.tmplinit::pg_catalog.oid), (t.tmpllexize::pg_catalog.oid)) AS f (proc)
    WHERE t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    UNION ALL
    SELECT 'search', f.proc, NULL::pg_catalog.oid, NULL::pg_catalog.oid
    FROM pg_catalog.pg_ts_parser AS t
    CROSS JOIN LATERAL (VALUES (t.prsstart::pg_catalog.oid), (t.prstoken::pg_catalog.oid), (t.prsend::pg_catalog.oid),
        (t.prsheadline::pg_catalog.oid), (t.prslextype::pg_catalog.oid)) AS f (proc)
    WHERE t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    UNION ALL
    SELECT 'conversion', c.conproc::pg_catalog.oid, NULL::pg_catalog.oid, NULL::pg_catalog.oid
    FROM pg_catalog.pg_conversion AS c
    WHERE c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
    UNION ALL
    SELECT 'modifier', f.proc, NULL::pg_catalog.oid, NULL::pg_catalog.oid
    FROM pg_catalog.pg_type AS t
    CROSS JOIN LATERAL (VALUES (t.typmodin::pg_catalog.oid), (t.typmodout::pg_catalog.oid)) AS f (proc)
    WHERE t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid OPERATOR(pg_catalog.=) 1247::pg_catalog.oid
                        AND d.objid OPERATOR(pg_catalog.=) t.oid
                        AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char")
) AS u
JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) u.proc
WHERE NOT (p.prolang OPERATOR(pg_catalog.=) 13::pg_catalog.oid
        AND p.probin OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]))
  AND NOT (p.prolang OPERATOR(pg_catalog.=) 12::pg_catalog.oid
        AND p.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid)
