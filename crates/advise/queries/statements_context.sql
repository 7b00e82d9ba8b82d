-- Where pg_stat_statements is, whether it is loaded, and what this role may see of it.
SELECT (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'),
       EXISTS (SELECT FROM pg_settings WHERE name = 'pg_stat_statements.max'),
       pg_has_role('pg_read_all_stats', 'USAGE'),
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'),
       current_setting('rds.extensions', true) IS NOT NULL,
       current_database(),
       current_setting('server_version_num')::int >= 140000
