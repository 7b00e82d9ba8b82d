-- What an operator runs. {which} is an array of OIDs.
SELECT
    o.oid,
    n.nspname,
    o.oprname,
    pg_catalog.concat_ws(' ', o.oprcode::pg_catalog.oid, o.oprrest::pg_catalog.oid, o.oprjoin::pg_catalog.oid),
    pg_catalog.concat_ws(' ', o.oprcom, o.oprnegate)
FROM pg_catalog.pg_operator AS o
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
WHERE o.oid OPERATOR(pg_catalog.=) ANY ({which})
