WITH RECURSIVE step (domain, base) AS (
    SELECT oid, typbasetype FROM pg_catalog.pg_type
    WHERE typtype OPERATOR(pg_catalog.=) 'd' AND oid OPERATOR(pg_catalog.=) ANY (CAST($1 AS pg_catalog.oid[]))
    UNION ALL
    SELECT step.domain, of.typbasetype FROM step JOIN pg_catalog.pg_type AS of ON of.oid OPERATOR(pg_catalog.=) step.base
    WHERE of.typtype OPERATOR(pg_catalog.=) 'd'
)
SELECT CAST(step.domain AS pg_catalog.text), CAST(step.base AS pg_catalog.text)
FROM step JOIN pg_catalog.pg_type AS of ON of.oid OPERATOR(pg_catalog.=) step.base
WHERE of.typtype OPERATOR(pg_catalog.<>) 'd'
