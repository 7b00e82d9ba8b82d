-- Sequential scans of this session that are not yet reported to all.
SELECT s.relid, s.seq_scan FROM pg_catalog.pg_stat_xact_user_tables AS s WHERE s.seq_scan > 0
