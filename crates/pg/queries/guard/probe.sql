-- One look that settles most statements: the schemas that a bare name is looked up in, in order; whether anything that
-- is not built in has one of the names; whether anything was added that runs without being named.
-- $1 names of functions, $2 the xmin of those that are still as initdb made them, $3 operators, $4 types.
SELECT
    pg_catalog.array_to_json(pg_catalog.current_schemas(true)),
    EXISTS (
        SELECT FROM pg_catalog.pg_proc AS p
        WHERE p.proname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.name[])
          AND (p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
               OR p.xmin::pg_catalog.text OPERATOR(pg_catalog.<>) ALL ($2::pg_catalog.text[]))),
    EXISTS (
        SELECT FROM pg_catalog.pg_operator AS o
        WHERE o.oprname OPERATOR(pg_catalog.=) ANY ($3::pg_catalog.name[])
          AND o.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid),
    EXISTS (
        SELECT FROM pg_catalog.pg_type AS t
        WHERE t.typname OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.name[])
          AND t.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid),
    EXISTS (SELECT FROM pg_catalog.pg_cast AS x WHERE x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_amproc AS x WHERE x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_amop AS x WHERE x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_ts_template AS x WHERE x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_ts_parser AS x WHERE x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
    OR EXISTS (SELECT FROM pg_catalog.pg_conversion AS x WHERE x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
    OR EXISTS (
        SELECT FROM pg_catalog.pg_type AS x
        WHERE x.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
          AND x.typmodin::pg_catalog.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid)
