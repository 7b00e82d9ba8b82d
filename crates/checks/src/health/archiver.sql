-- Whether WAL reaches the archive.
SELECT current_setting('archive_mode') AS mode,
       current_setting('archive_mode') <> 'off' AND current_setting('archive_command') = ''
           AND current_setting('archive_library') = '' --since 15
           AND NOT (pg_is_in_recovery() AND current_setting('archive_mode') = 'on') AS has_no_command,
       a.archived_count AS archived, a.failed_count AS failed, a.last_failed_wal,
       a.last_failed_time > coalesce(a.last_archived_time, '-infinity') AS fails_now,
       extract(epoch FROM clock_timestamp() - a.last_failed_time) AS failed_s,
       extract(epoch FROM clock_timestamp() - a.last_archived_time) AS archived_s
FROM pg_stat_archiver a;
