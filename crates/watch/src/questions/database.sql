-- howdah watch: the database.
SELECT v.name, v.value, v.counts
FROM pg_stat_database d,
     LATERAL (VALUES ('database.commits', d.xact_commit::float8, true),
                     ('database.rollbacks', d.xact_rollback, true),
                     ('database.blocks_hit', d.blks_hit, true),
                     ('database.blocks_read', d.blks_read, true),
                     ('database.read_ms', d.blk_read_time, true),
                     ('database.write_ms', d.blk_write_time, true),
                     ('database.tuples_returned', d.tup_returned, true),
                     ('database.tuples_fetched', d.tup_fetched, true),
                     ('database.tuples_inserted', d.tup_inserted, true),
                     ('database.tuples_updated', d.tup_updated, true),
                     ('database.tuples_deleted', d.tup_deleted, true),
                     ('database.temp_files', d.temp_files, true),
                     ('database.temp_bytes', d.temp_bytes, true),
                     ('database.deadlocks', d.deadlocks, true),
                     ('database.conflicts', d.conflicts, true)) v (name, value, counts)
WHERE d.datid = $1::oid;
