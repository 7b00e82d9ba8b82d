-- The databases that somebody may have put something into.
SELECT datname
  FROM pg_catalog.pg_database
 WHERE datallowconn
   AND NOT datistemplate
   AND datname <> 'rdsadmin'
 ORDER BY datname
