-- The databases whose statistics are gathered.
SELECT datname
  FROM pg_catalog.pg_database
 WHERE datallowconn
   AND datname <> 'rdsadmin'
 ORDER BY datistemplate, datname
