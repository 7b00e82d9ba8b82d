-- Roles that can log in whose password is stored as MD5.
SELECT quote_ident(a.rolname) AS role, count(*) OVER () AS total
FROM pg_authid a WHERE a.rolpassword LIKE 'md5%' AND a.rolcanlogin
ORDER BY a.rolname LIMIT 100;
