-- The locks of this session on relations that are not the server's own; a relation made just now has a name as well.
SELECT DISTINCT l.relation::pg_catalog.regclass::pg_catalog.text AS relation, l.mode
FROM pg_catalog.pg_locks AS l
WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
  AND l.locktype OPERATOR(pg_catalog.=) 'relation'
  AND l.relation OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
ORDER BY 1, 2
