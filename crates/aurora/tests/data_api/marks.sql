SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text,
    (SELECT pg_catalog.md5(pg_catalog.string_agg(s.*::text, ',' ORDER BY id)) FROM shapes AS s),
    (SELECT count(*) || ' ' || coalesce(sum(id), 0) FROM notes),
    (SELECT last_value::text || is_called FROM notes_id_seq),
    (SELECT count(*)::text FROM pg_catalog.pg_largeobject_metadata),
    (SELECT count(*)::text FROM pg_catalog.pg_locks WHERE locktype = 'advisory'),
    (SELECT count(*)::text FROM pg_catalog.pg_stat_activity WHERE state LIKE 'idle in transaction%')
