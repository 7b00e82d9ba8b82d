-- Whether slow statements, lock waits and autovacuum leave a trace in the log.
SELECT s.name, s.reset_val AS value
FROM pg_settings s
WHERE s.name IN ('log_min_duration_statement', 'log_min_duration_sample', 'log_lock_waits', 'log_temp_files', 'log_autovacuum_min_duration')
ORDER BY s.name;
