-- What the next call of the same session would see of an attack: asked before and after, the answers must be equal.
SELECT current_user, session_user, current_schemas(true),
       (SELECT md5(string_agg(name || '=' || coalesce(setting, ''), ',' ORDER BY name)) FROM pg_settings WHERE name NOT IN ('application_name', 'in_hot_standby')),
       current_setting('canary.leftover', true),
       (SELECT count(*) FROM pg_prepared_statements WHERE name <> ''),
       (SELECT count(*) FROM pg_cursors WHERE is_holdable),
       pg_my_temp_schema() <> 0,
       (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
       (SELECT count(*) FROM pg_listening_channels()),
       round(random()::numeric, 9) = {{seeded}},
       ext.show_limit(), ext.isn_weak(){{extra}},
       txid_current_if_assigned() IS NULL
