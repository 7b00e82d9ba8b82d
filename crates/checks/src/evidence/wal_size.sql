-- The write-ahead log on the disk.
SELECT count(*) AS files, sum(w.size) AS bytes, current_setting('max_wal_size') AS max_wal_size,
       pg_size_bytes(current_setting('max_wal_size')) AS max_bytes,
       pg_size_bytes(current_setting('wal_keep_size')) AS keep_bytes
FROM pg_ls_waldir() w;
