-- howdah watch: what WAL consists of. --since 14
SELECT v.name, v.value::float8 AS value, true AS counts --since 14
FROM pg_stat_wal w, --since 14
     LATERAL (VALUES ('wal.records', w.wal_records::numeric), ('wal.full_page_images', w.wal_fpi), --since 14
                     ('wal.buffers_full', w.wal_buffers_full)) v (name, value); --since 14
