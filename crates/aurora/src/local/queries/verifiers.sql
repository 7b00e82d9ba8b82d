-- The roles that log in with a password, and its verifier.
SELECT rolname, rolpassword
  FROM pg_catalog.pg_authid
 WHERE rolcanlogin
   AND rolpassword LIKE 'SCRAM-SHA-256$%'
 ORDER BY rolname
