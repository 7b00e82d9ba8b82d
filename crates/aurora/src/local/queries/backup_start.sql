-- PostgreSQL 15 and later. With a checkpoint at once.
SELECT pg_catalog.pg_backup_start('howdah', true)
