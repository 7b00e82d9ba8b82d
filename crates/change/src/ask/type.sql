-- What the type $1 is: its OID, kind, base type beneath domains, constraints of those, and default.
WITH RECURSIVE chain AS (
    SELECT t.oid, t.typtype, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefault, 0 AS depth
    FROM pg_catalog.pg_type t WHERE t.oid = pg_catalog.to_regtype($1)
    UNION ALL
    SELECT t.oid, t.typtype, t.typbasetype, t.typtypmod, t.typnotnull, t.typdefault, c.depth + 1
    FROM chain c JOIN pg_catalog.pg_type t ON t.oid = c.typbasetype
    WHERE c.typtype = 'd'
), checks AS (
    SELECT c.depth, k.conname, pg_catalog.pg_get_constraintdef(k.oid) AS definition
    FROM chain c JOIN pg_catalog.pg_constraint k ON k.contypid = c.oid AND k.contype = 'c'
)
SELECT json_build_object(
    'oid', (SELECT oid::bigint FROM chain WHERE depth = 0),
    'kind', (SELECT typtype FROM chain WHERE depth = 0),
    'base', (SELECT oid::bigint FROM chain ORDER BY depth DESC LIMIT 1),
    'base_name', (SELECT pg_catalog.format_type(c.typbasetype, c.typtypmod) FROM chain c WHERE c.typtype = 'd' ORDER BY depth DESC LIMIT 1),
    'base_typmod', (SELECT c.typtypmod FROM chain c WHERE c.typtype = 'd' ORDER BY depth DESC LIMIT 1),
    'not_null', (SELECT coalesce(bool_or(typnotnull AND typtype = 'd'), false) FROM chain),
    'default', (SELECT typdefault FROM chain WHERE typdefault IS NOT NULL ORDER BY depth LIMIT 1),
    'checks', (SELECT coalesce(json_agg(json_build_array(conname, definition) ORDER BY depth DESC, conname), '[]') FROM checks)
)::text
FROM (SELECT) AS one
WHERE EXISTS (SELECT FROM chain)
