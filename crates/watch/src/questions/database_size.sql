-- howdah watch: the size of the database.
SELECT 'database.bytes' AS name, pg_database_size($1::oid)::float8 AS value, false AS counts;
