-- Every change with how far it has come; $1: one change, or NULL for all.
SELECT c.id, c.plan, c.state, c.wanted, c.error, c.who, c.started_at, c.changed_at,
       (SELECT json_agg(json_build_object(
            'ordinal', s.ordinal, 'state', s.state,
            'seconds', extract(epoch FROM coalesce(s.ended_at, clock_timestamp()) - s.started_at)) ORDER BY s.ordinal)
        FROM howdah.steps s WHERE s.change = c.id)::text,
       (SELECT json_agg(json_build_object('ordinal', p.ordinal, 'position', p.position, 'rows', p.rows) ORDER BY p.ordinal)
        FROM howdah.positions p WHERE p.change = c.id)::text,
       EXISTS (SELECT FROM pg_catalog.pg_locks l
               WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
                 AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
                 AND l.classid::bigint = 1752135524 AND l.objid::bigint = (('x' || substr(c.id, 1, 8))::bit(32)::bigint))
FROM howdah.changes c
WHERE $1::text IS NULL OR c.id = $1
ORDER BY c.started_at, c.id
