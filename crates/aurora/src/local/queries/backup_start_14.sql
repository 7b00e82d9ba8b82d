-- PostgreSQL 13 and 14. With a checkpoint at once, not exclusive.
SELECT pg_catalog.pg_start_backup('howdah', true, false)
