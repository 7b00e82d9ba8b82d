-- What tells whether a function is harmless. {which} is an array of OIDs.
SELECT
    p.oid,
    n.nspname,
    p.proname,
    CASE
        WHEN p.prolang OPERATOR(pg_catalog.=) ANY (ARRAY[12, 13, 14]::pg_catalog.oid[]) THEN l.lanname::pg_catalog.text
        WHEN h.prolang OPERATOR(pg_catalog.=) 13::pg_catalog.oid
            AND h.probin OPERATOR(pg_catalog.=) '$libdir/plpgsql'
            AND h.prosrc OPERATOR(pg_catalog.=) 'plpgsql_call_handler' THEN 'plpgsql'
        ELSE pg_catalog.concat('language ', l.lanname)
    END,
    p.prosrc,
    p.probin,
    p.prokind,
    p.pronargs,
    p.pronargdefaults,
    p.provariadic OPERATOR(pg_catalog.<>) 0::pg_catalog.oid,
    pg_catalog.concat_ws(' ', p.proargtypes::pg_catalog.text,
        pg_catalog.array_to_string(p.proallargtypes, ' '), p.prorettype),
    pg_catalog.to_jsonb(p) OPERATOR(pg_catalog.->>) 'prosqlbody',
    p.proargdefaults::pg_catalog.text,
    p.prosupport::pg_catalog.oid,
    CASE WHEN a.aggfnoid IS NOT NULL THEN
        pg_catalog.concat_ws(' ',
            a.aggtransfn::pg_catalog.oid, a.aggfinalfn::pg_catalog.oid, a.aggcombinefn::pg_catalog.oid,
            a.aggserialfn::pg_catalog.oid, a.aggdeserialfn::pg_catalog.oid, a.aggmtransfn::pg_catalog.oid,
            a.aggminvtransfn::pg_catalog.oid, a.aggmfinalfn::pg_catalog.oid)
    END,
    a.aggtranstype,
    a.aggsortop,
    e.extname,
    pg_catalog.concat(n.nspname, '.', p.proname, '(', pg_catalog.oidvectortypes(p.proargtypes), ')'),
    CASE WHEN p.prolang OPERATOR(pg_catalog.<>) ALL (ARRAY[12, 13, 14]::pg_catalog.oid[])
            AND p.prokind OPERATOR(pg_catalog.<>) ALL (ARRAY['a', 'w']::pg_catalog."char"[]) THEN
        pg_catalog.pg_get_functiondef(p.oid)
    END,
    p.provolatile,
    (SELECT pg_catalog.substr(x, 13)
     FROM pg_catalog.unnest(p.proconfig) AS x
     WHERE pg_catalog.starts_with(x, 'search_path=')
     LIMIT 1),
    p.prosecdef
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid OPERATOR(pg_catalog.=) p.prolang
LEFT JOIN pg_catalog.pg_proc AS h ON h.oid OPERATOR(pg_catalog.=) l.lanplcallfoid
LEFT JOIN pg_catalog.pg_aggregate AS a ON a.aggfnoid::pg_catalog.oid OPERATOR(pg_catalog.=) p.oid
LEFT JOIN pg_catalog.pg_depend AS d ON d.classid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
    AND d.objid OPERATOR(pg_catalog.=) p.oid
    AND d.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog."char"
LEFT JOIN pg_catalog.pg_extension AS e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
WHERE p.oid OPERATOR(pg_catalog.=) ANY ({which})
