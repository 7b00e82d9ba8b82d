-- What the server can do, and the figures that its planner reckons with.
SELECT current_setting('server_version_num')::int,
       (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg'),
       (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'),
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg'),
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm'),
       current_setting('seq_page_cost')::float8, current_setting('random_page_cost')::float8,
       current_setting('cpu_tuple_cost')::float8, current_setting('cpu_operator_cost')::float8,
       (SELECT datcollate FROM pg_database WHERE datname = current_database()),
       current_setting('rds.extensions', true) IS NOT NULL,
       current_database(), current_user,
       has_database_privilege(current_database(), 'CREATE'),
       EXISTS (SELECT FROM pg_event_trigger WHERE evtenabled <> 'D'),
       (SELECT coalesce(json_agg(s.name ORDER BY s.name), '[]') FROM pg_settings s
        WHERE s.name IN ('auto_explain.log_min_duration', 'pg_stat_statements.track')),
       coalesce(current_setting('auto_explain.log_min_duration', true), '-1') = '0',
       (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
