-- Whether statements are counted: the library must be loaded at the start, and the view be in this database.
SELECT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_stat_statements') AS is_created,
       EXISTS (SELECT FROM pg_available_extensions a WHERE a.name = 'pg_stat_statements') AS is_available,
       current_setting('pg_stat_statements.max', true) IS NOT NULL AS is_loaded,
       current_setting('pg_stat_statements.track', true) AS track;
