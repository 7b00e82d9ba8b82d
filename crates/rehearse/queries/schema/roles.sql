-- Roles as stand-ins: what they may do in this database, and no way to log in.
-- A superuser becomes a role that row security does not bind.
SELECT r.rolname,
       format('CREATE ROLE %I NOLOGIN%s%s%s%s', r.rolname,
              CASE WHEN r.rolinherit THEN '' ELSE ' NOINHERIT' END,
              CASE WHEN r.rolcreaterole THEN ' CREATEROLE' ELSE '' END,
              CASE WHEN r.rolcreatedb THEN ' CREATEDB' ELSE '' END,
              CASE WHEN r.rolbypassrls OR r.rolsuper THEN ' BYPASSRLS' ELSE '' END)
  FROM pg_roles AS r
 WHERE r.rolname !~ '^pg_' AND r.rolname !~ '^howdah '
 ORDER BY r.oid
 LIMIT 10000;
