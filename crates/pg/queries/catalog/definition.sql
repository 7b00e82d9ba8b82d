-- The query of a view, by its oid $1. Takes the weakest lock on what it reads.
SELECT pg_get_viewdef(c.oid, true)
FROM pg_class c
WHERE c.oid = $1::oid AND c.relkind IN ('v', 'm');
