-- Clients that work as a superuser, without tools that people use.
SELECT quote_ident(a.usename) AS role, coalesce(nullif(a.application_name, ''), '(no name)') AS application, count(*) AS sessions
FROM pg_stat_activity a
WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
  AND a.application_name !~* '^(psql|pg_|pgadmin|dbeaver|datagrip|howdah$)'
  AND EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.usesysid
              AND (r.rolsuper OR EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                                         WHERE m.member = r.oid AND g.rolname = 'rds_superuser')))
  AND a.usename NOT IN ('rdsadmin')
GROUP BY 1, 2
ORDER BY 3 DESC, 1, 2 LIMIT 100;
