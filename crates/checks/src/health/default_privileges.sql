-- Privileges that every role gets on whatever a role will create.
SELECT quote_ident(pg_get_userbyid(d.defaclrole)) AS role, quote_ident(n.nspname) AS schema,
       CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'n' THEN 'SCHEMAS' END AS kind,
       string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS privileges, count(*) OVER () AS total
FROM pg_default_acl d
LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
CROSS JOIN LATERAL aclexplode(d.defaclacl) a
-- Functions and types are everyone's to use by the server's own default.
WHERE a.grantee = 0 AND d.defaclobjtype IN ('r', 'S', 'n')
GROUP BY d.oid, d.defaclrole, d.defaclobjtype, n.nspname
ORDER BY 1, 2, 3 LIMIT 100;
