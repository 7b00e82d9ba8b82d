-- The views that go when a relation ($1 its OID) is dropped with CASCADE, and itself.
WITH RECURSIVE gone AS (
    SELECT $1::text::oid AS oid
    UNION
    SELECT r.ev_class
    FROM gone g
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = g.oid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class c ON c.oid = r.ev_class AND c.relkind IN ('v', 'm')
)
SELECT json_agg(oid::bigint) FROM gone
