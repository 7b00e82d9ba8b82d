-- Pages whose checksum was wrong, for each database.
SELECT coalesce(quote_ident(d.datname), '(shared objects)') AS name, d.checksum_failures AS failures,
       d.checksum_last_failure::text AS last, current_setting('data_checksums') AS checksums
FROM pg_stat_database d
WHERE d.datname IS NULL OR d.datname = current_database() OR d.checksum_failures > 0
ORDER BY d.checksum_failures DESC NULLS LAST, 1;
