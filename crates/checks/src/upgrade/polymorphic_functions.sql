-- Aggregates and operators that are made of functions of arrays whose arguments are of other types from 14 on.
WITH changed AS (
    SELECT to_regprocedure('pg_catalog.' || signature)::oid AS function
    FROM unnest(ARRAY['array_append(anyarray,anyelement)', 'array_cat(anyarray,anyarray)', 'array_prepend(anyelement,anyarray)',
                      'array_remove(anyarray,anyelement)', 'array_replace(anyarray,anyelement,anyelement)',
                      'array_position(anyarray,anyelement)', 'array_position(anyarray,anyelement,integer)',
                      'array_positions(anyarray,anyelement)', 'width_bucket(anyelement,anyarray)']) AS signature
), found AS (
    SELECT 'aggregate' AS kind, p.oid::regprocedure::text AS object
    FROM pg_aggregate a
    JOIN pg_proc p ON p.oid = a.aggfnoid
    WHERE p.oid >= 16384 AND a.aggtranstype IN ('anyarray'::regtype, 'anyelement'::regtype)
      AND (a.aggtransfn IN (SELECT function FROM changed) OR a.aggfinalfn IN (SELECT function FROM changed))
    UNION ALL
    SELECT 'operator', o.oid::regoperator::text
    FROM pg_operator o
    WHERE o.oid >= 16384 AND o.oprcode IN (SELECT function FROM changed)
      AND o.oprleft IN ('anyarray'::regtype, 'anyelement'::regtype)
)
SELECT kind, object, count(*) OVER () AS total FROM found ORDER BY kind, object LIMIT 100;
