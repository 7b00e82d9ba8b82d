-- howdah watch: checkpoints.
SELECT v.name, v.value::float8 AS value, true AS counts
FROM pg_stat_checkpointer c, --since 17
     LATERAL (VALUES ('checkpoints.timed', c.num_timed::float8), ('checkpoints.requested', c.num_requested), --since 17
                     ('checkpoints.buffers', c.buffers_written), ('checkpoints.write_ms', c.write_time), --since 17
                     ('checkpoints.sync_ms', c.sync_time)) v (name, value); --since 17
FROM pg_stat_bgwriter c, --before 17
     LATERAL (VALUES ('checkpoints.timed', c.checkpoints_timed::float8), ('checkpoints.requested', c.checkpoints_req), --before 17
                     ('checkpoints.buffers', c.buffers_checkpoint), ('checkpoints.write_ms', c.checkpoint_write_time), --before 17
                     ('checkpoints.sync_ms', c.checkpoint_sync_time)) v (name, value); --before 17
