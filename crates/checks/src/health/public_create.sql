-- Schemas in which every role may create objects.
SELECT quote_ident(n.nspname) AS name, count(*) OVER () AS total
FROM pg_namespace n
CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
WHERE a.grantee = 0 AND a.privilege_type = 'CREATE' AND n.nspname !~ '^pg_'
ORDER BY n.nspname LIMIT 100;
