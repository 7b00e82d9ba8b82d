-- Roles as stand-ins: what they may do in this database, and no way to log in.
-- A superuser becomes a role that row security does not bind. The last column says whether
-- clients may be it: somebody who logs in, may not do everything anyway, and has or owns something in this database.
WITH involved AS MATERIALIZED (
  SELECT DISTINCT d.refobjid AS role
    FROM pg_shdepend AS d
   WHERE d.refclassid = 'pg_authid'::regclass
     AND d.dbid = (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database())
)
SELECT r.rolname,
       format('CREATE ROLE %I NOLOGIN%s%s%s%s', r.rolname,
              CASE WHEN r.rolinherit THEN '' ELSE ' NOINHERIT' END,
              CASE WHEN r.rolcreaterole THEN ' CREATEROLE' ELSE '' END,
              CASE WHEN r.rolcreatedb THEN ' CREATEDB' ELSE '' END,
              CASE WHEN r.rolbypassrls OR r.rolsuper THEN ' BYPASSRLS' ELSE '' END),
       r.rolcanlogin AND NOT r.rolsuper
       AND EXISTS (SELECT FROM involved AS i WHERE pg_has_role(r.oid, i.role, 'USAGE'))
  FROM pg_roles AS r
 WHERE r.rolname !~ '^pg_' AND r.rolname !~ '^howdah '
 ORDER BY r.oid
 LIMIT 10000;
