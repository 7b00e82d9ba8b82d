-- Every function that initdb made, with what tells its code and, by xmin, whether it is still as it was.
SELECT
    p.oid,
    n.nspname,
    p.proname,
    p.prolang,
    p.prosrc,
    p.pronargs,
    p.pronargdefaults,
    p.provariadic OPERATOR(pg_catalog.<>) 0::pg_catalog.oid,
    p.xmin,
    CASE WHEN p.prolang OPERATOR(pg_catalog.=) 14::pg_catalog.oid THEN
        pg_catalog.to_jsonb(p) OPERATOR(pg_catalog.->>) 'prosqlbody'
    END,
    CASE WHEN a.aggfnoid IS NOT NULL THEN
        pg_catalog.concat_ws(' ',
            a.aggtransfn::pg_catalog.oid, a.aggfinalfn::pg_catalog.oid, a.aggcombinefn::pg_catalog.oid,
            a.aggserialfn::pg_catalog.oid, a.aggdeserialfn::pg_catalog.oid, a.aggmtransfn::pg_catalog.oid,
            a.aggminvtransfn::pg_catalog.oid, a.aggmfinalfn::pg_catalog.oid)
    END,
    p.provolatile,
    p.probin
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
LEFT JOIN pg_catalog.pg_aggregate AS a ON a.aggfnoid::pg_catalog.oid OPERATOR(pg_catalog.=) p.oid
WHERE p.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
