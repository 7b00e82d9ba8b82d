-- Settings that risk the data; what the session says itself does not count.
SELECT s.name, s.reset_val AS value
FROM pg_settings s
WHERE s.name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'zero_damaged_pages', 'ignore_checksum_failure', 'ignore_system_indexes');
