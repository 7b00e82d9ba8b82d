-- PostgreSQL 13 and 14. Without waiting for an archive, which there is none.
SELECT labelfile
  FROM pg_catalog.pg_stop_backup(false, false)
