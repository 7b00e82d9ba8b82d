-- What was written to temporary files, since the counters began.
SELECT d.temp_files AS files, d.temp_bytes AS bytes, current_setting('work_mem') AS work_mem
FROM pg_stat_database d WHERE d.datname = current_database();
