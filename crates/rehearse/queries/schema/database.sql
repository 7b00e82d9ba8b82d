-- Where and as whom this is read.
SELECT current_database(), current_user, r.rolsuper OR EXISTS (
         SELECT FROM pg_roles AS s WHERE s.rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin')
                                     AND pg_has_role(r.oid, s.oid, 'MEMBER')),
       current_setting('server_version_num'), (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())
  FROM pg_roles AS r
 WHERE r.rolname = current_user;
