-- All databases together, in bytes.
SELECT sum(pg_catalog.pg_database_size(oid))::pg_catalog.int8
  FROM pg_catalog.pg_database
