-- What initdb made and nobody names: the functions behind operators, casts and operator classes; and, with the name of
-- what it was added to, what somebody put there since.
SELECT 'o', o.oid, o.oprcode::pg_catalog.oid, NULL::pg_catalog.text
FROM pg_catalog.pg_operator AS o
WHERE o.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
UNION ALL
SELECT 'c', c.oid, c.castfunc, NULL
FROM pg_catalog.pg_cast AS c
WHERE c.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
  AND c.castfunc OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
UNION ALL
SELECT 'p', m.oid, m.amproc::pg_catalog.oid, NULL
FROM pg_catalog.pg_amproc AS m
WHERE m.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
UNION ALL
SELECT 'x', o.oid, f.proc, pg_catalog.concat('operator ', o.oid::pg_catalog.regoperator::pg_catalog.text)
FROM pg_catalog.pg_operator AS o
CROSS JOIN LATERAL (VALUES (o.oprcode::pg_catalog.oid), (o.oprrest::pg_catalog.oid), (o.oprjoin::pg_catalog.oid)) AS f (proc)
WHERE o.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
  AND f.proc OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
UNION ALL
SELECT 'x', p.oid, p.prosupport::pg_catalog.oid, pg_catalog.concat('function ', p.oid::pg_catalog.regprocedure::pg_catalog.text)
FROM pg_catalog.pg_proc AS p
WHERE p.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
  AND p.prosupport::pg_catalog.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
UNION ALL
SELECT 'x', d.objid, d.refobjid, pg_catalog.concat('type ', d.objid::pg_catalog.regtype::pg_catalog.text)
FROM pg_catalog.pg_depend AS d
WHERE d.classid OPERATOR(pg_catalog.=) 1247::pg_catalog.oid
  AND d.objid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
  AND d.refclassid OPERATOR(pg_catalog.=) 1255::pg_catalog.oid
  AND d.refobjid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
UNION ALL
SELECT 'x', c.contypid, c.oid, pg_catalog.concat('type ', c.contypid::pg_catalog.regtype::pg_catalog.text)
FROM pg_catalog.pg_constraint AS c
WHERE c.contypid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
  AND c.contypid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
  AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
