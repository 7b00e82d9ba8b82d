-- Each extension that there is: its name, whether it is created in this
-- database, and whether what it needs is loaded. Who may not see
-- shared_preload_libraries is told that all is well.
SELECT a.name,
       a.installed_version IS NOT NULL,
       a.name <> 'pg_stat_statements' OR coalesce(
           (SELECT pg_catalog.strpos(s.setting, 'pg_stat_statements') > 0
            FROM pg_catalog.pg_settings s
            WHERE s.name = 'shared_preload_libraries'), true)
FROM pg_catalog.pg_available_extensions a
WHERE a.name IN ('pg_stat_statements', 'hypopg')
