-- The databases that have content of their own, and what makes the name of a slot of theirs.
SELECT datname, oid
  FROM pg_catalog.pg_database
 WHERE datallowconn
   AND NOT datistemplate
 ORDER BY datname
