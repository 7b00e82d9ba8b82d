-- Databases that an upgrade cannot read: closed to connections, or left over by a DROP DATABASE that was broken off.
SELECT quote_ident(d.datname) AS name, d.datconnlimit = -2 AS is_invalid, d.datname = 'template0' AS is_template0,
       count(*) OVER () AS total
FROM pg_database d
WHERE CASE WHEN d.datname = 'template0' THEN d.datallowconn
           ELSE d.datname <> 'rdsadmin' AND (NOT d.datallowconn OR d.datconnlimit = -2) END
ORDER BY d.datname LIMIT 100;
