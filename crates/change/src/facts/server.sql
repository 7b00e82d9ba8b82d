-- What a plan depends on beside the relations.
SELECT json_build_object(
    'version_num', current_setting('server_version_num')::int,
    'database', current_database(),
    'role', current_user,
    'superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
    'search_path', current_setting('search_path'),
    'time_zone', current_setting('TimeZone'),
    'in_recovery', pg_is_in_recovery(),
    'may_create', has_database_privilege(current_database(), 'CREATE')
                  OR coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = 'howdah'), false),
    'settings', (SELECT json_object_agg(name, setting) FROM pg_settings
                 WHERE name IN ('block_size', 'max_wal_size', 'checkpoint_timeout', 'wal_level', 'fsync',
                                'synchronous_standby_names', 'max_parallel_maintenance_workers',
                                'maintenance_work_mem', 'deadlock_timeout', 'event_triggers'))
)::text
