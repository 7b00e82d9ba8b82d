-- Where the server keeps its data, for finding these directories on this machine; $1: the tables of a change.
-- Settings that the role may not see are not in pg_settings.
SELECT (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'),
       (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'port'),
       extract(epoch FROM pg_catalog.pg_postmaster_start_time())::bigint,
       to_regprocedure('pg_catalog.aurora_version()') IS NOT NULL,
       (SELECT json_agg(DISTINCT pg_catalog.pg_tablespace_location(c.reltablespace))
        FROM pg_catalog.pg_class c
        WHERE c.oid IN (SELECT to_regclass(name) FROM unnest($1::text[]) AS name)
          AND c.reltablespace <> 0 AND pg_catalog.pg_tablespace_location(c.reltablespace) <> '')::text
