-- What the relation $1 grants, as statements for a view {view} in its place.
SELECT string_agg(line, E'\n')
FROM (
    SELECT format('GRANT %s ON {view} TO %s%s', a.privilege_type, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS line
    FROM pg_catalog.pg_class c, aclexplode(c.relacl) a
    WHERE c.oid = to_regclass($1) AND a.grantee <> c.relowner AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    UNION ALL
    SELECT format('GRANT %s (%I) ON {view} TO %s%s', a.privilege_type, t.attname, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
    WHERE c.oid = to_regclass($1) AND t.attnum > 0 AND NOT t.attisdropped AND a.grantee <> c.relowner
      AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE')
    ORDER BY 1
) AS grants
