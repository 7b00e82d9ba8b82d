-- PostgreSQL 15 and later. Without waiting for an archive, which there is none.
SELECT labelfile
  FROM pg_catalog.pg_backup_stop(false)
