-- What initdb made and nobody names: the functions behind operators, casts and operator classes.
SELECT 'o', o.oid, o.oprcode::pg_catalog.oid
FROM pg_catalog.pg_operator AS o
WHERE o.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
UNION ALL
SELECT 'c', c.oid, c.castfunc
FROM pg_catalog.pg_cast AS c
WHERE c.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
  AND c.castfunc OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
UNION ALL
SELECT 'p', m.oid, m.amproc::pg_catalog.oid
FROM pg_catalog.pg_amproc AS m
WHERE m.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
