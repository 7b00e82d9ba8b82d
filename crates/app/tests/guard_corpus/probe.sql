-- What a superuser looks at before and after: everything durable or shared that an attack could change.
-- since: where the WAL of the last look ended.

CREATE FUNCTION probe.snapshot(since pg_lsn, secret_folder text) RETURNS TABLE (key text, value text)
LANGUAGE plpgsql VOLATILE SET search_path = probe, pg_catalog AS $probe$
DECLARE
  version int := current_setting('server_version_num')::int;
  flushed pg_lsn := pg_current_wal_flush_lsn();
BEGIN
  RETURN QUERY
    SELECT 'next transaction id', txid_snapshot_xmax(txid_current_snapshot())::text
    UNION ALL SELECT 'canary rows', (SELECT md5(coalesce(string_agg(c::text, ',' ORDER BY id), '')) FROM h.canary c)
    UNION ALL SELECT 'sequences', (SELECT string_agg(sequencename || '=' || coalesce(last_value::text, '-'), ' ' ORDER BY schemaname, sequencename) FROM pg_sequences)
    UNION ALL SELECT 'role settings', (SELECT md5(string_agg(s::text, ',' ORDER BY s::text)) FROM pg_db_role_setting s)
    UNION ALL SELECT 'configuration loaded', pg_conf_load_time()::text
    UNION ALL SELECT 'configuration files', (SELECT md5(string_agg(name || '=' || coalesce(setting, ''), ',' ORDER BY sourcefile, sourceline)) FROM pg_file_settings)
    UNION ALL SELECT 'replication slots', (SELECT string_agg(slot_name || ' ' || coalesce(restart_lsn::text, '') || ' ' || coalesce(confirmed_flush_lsn::text, ''), ',' ORDER BY slot_name) FROM pg_replication_slots)
    UNION ALL SELECT 'replication origins', (SELECT string_agg(o::text, ',' ORDER BY roident) FROM pg_replication_origin o)
    UNION ALL SELECT 'prepared transactions', (SELECT string_agg(gid, ',' ORDER BY gid) FROM pg_prepared_xacts)
    UNION ALL SELECT 'large objects', (SELECT count(*)::text FROM pg_largeobject_metadata)
    UNION ALL SELECT 'large object contents', (SELECT md5(string_agg(data, '' ORDER BY loid, pageno)) FROM pg_largeobject)
    UNION ALL SELECT 'data directory', (SELECT string_agg(f, ',' ORDER BY f) FROM pg_ls_dir('.') f)
    UNION ALL SELECT 'server logs', (SELECT string_agg(name, ',' ORDER BY name) FROM pg_ls_logdir())
    UNION ALL SELECT 'canary folder', (SELECT string_agg(f || ' ' || (pg_stat_file(secret_folder || '/' || f)).modification, ',' ORDER BY f) FROM pg_ls_dir(secret_folder) f)
    UNION ALL SELECT 'memory dumps in the log', (array_length(string_to_array(pg_read_file(pg_current_logfile()), 'logging memory contexts'), 1))::text
    UNION ALL SELECT 'advisory locks', (SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory')
    UNION ALL SELECT 'strong locks', (SELECT count(*)::text FROM pg_locks WHERE locktype IN ('relation', 'object', 'tuple', 'transactionid') AND mode <> 'AccessShareLock' AND pid <> pg_backend_pid())
    UNION ALL SELECT 'open transactions', (SELECT count(*)::text FROM pg_stat_activity a WHERE a.state LIKE 'idle in transaction%')
    UNION ALL SELECT 'running', (SELECT string_agg(a.query, '; ') FROM pg_stat_activity a WHERE a.state = 'active' AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() AND a.application_name NOT LIKE 'victim%')
    UNION ALL SELECT 'victims', (SELECT string_agg(a.pid::text || ' ' || a.state, ',' ORDER BY a.pid) FROM pg_stat_activity a WHERE a.application_name LIKE 'victim%')
    UNION ALL SELECT 'listening', (SELECT count(*)::text FROM pg_listening_channels())
    UNION ALL SELECT 'statistics reset', (SELECT md5(string_agg(coalesce(d.stats_reset::text, '-'), ',' ORDER BY d.datname)) FROM pg_stat_database d)
    UNION ALL SELECT 'background writer reset', (SELECT b.stats_reset::text FROM pg_stat_bgwriter b)
    UNION ALL SELECT 'archiver reset', (SELECT b.stats_reset::text FROM pg_stat_archiver b)
    UNION ALL SELECT 'slru reset', (SELECT md5(string_agg(s.stats_reset::text, ',' ORDER BY s.name)) FROM pg_stat_slru s)
    UNION ALL SELECT 'statistics of one table', (SELECT (s.seq_scan > 0)::text FROM pg_stat_all_tables s WHERE s.relid = 'h.canary'::regclass)
    UNION ALL SELECT 'pending gin pages', (SELECT pending_pages::text FROM pgstatginindex('h.canary_gin'))
    UNION ALL SELECT 'brin ranges', (SELECT md5(string_agg(i::text, ',')) FROM (SELECT b.* FROM generate_series(2, pg_relation_size('h.canary_brin_index') / 8192 - 1) p, brin_page_items(get_raw_page('h.canary_brin_index', p::int), 'h.canary_brin_index') b WHERE brin_page_type(get_raw_page('h.canary_brin_index', p::int)) = 'regular') i)
    UNION ALL SELECT 'visibility map', (SELECT s::text FROM pg_visibility_map_summary('h.canary_vm') s)
    UNION ALL SELECT 'cold table in memory', (SELECT (count(*) > 0)::text FROM pg_buffercache WHERE relfilenode = pg_relation_filenode('h.canary_cold'))
    UNION ALL SELECT 'warm table in memory', (SELECT (count(*) > 0)::text FROM pg_buffercache WHERE relfilenode = pg_relation_filenode('h.canary_vm') AND relforknumber = 0);
  IF version >= 140000 THEN
    RETURN QUERY EXECUTE 'SELECT ''wal reset'', (SELECT w.stats_reset::text FROM pg_stat_wal w)
      UNION ALL SELECT ''statements reset'', (SELECT i.stats_reset::text FROM pg_stat_statements_info i)';
  END IF;
  IF version >= 150000 THEN
    RETURN QUERY EXECUTE 'SELECT ''recovery prefetch reset'', (SELECT w.stats_reset::text FROM pg_stat_recovery_prefetch w)';
    IF since > '0/0' AND since < flushed THEN
      BEGIN
        RETURN QUERY EXECUTE $wal$SELECT 'wal marks', nullif(string_agg(record_type, ','), '') FROM pg_get_wal_records_info($1, $2)
        WHERE record_type IN ('MESSAGE', 'RESTORE_POINT', 'SWITCH', 'CHECKPOINT_ONLINE', 'BACKUP_END', 'PARAMETER_CHANGE')$wal$ USING since, flushed;
      EXCEPTION WHEN OTHERS THEN
        flushed := since; -- no record begins there yet: the next look takes it
      END;
    END IF;
  END IF;
  IF version >= 160000 THEN
    RETURN QUERY EXECUTE 'SELECT ''io reset'', (SELECT max(w.stats_reset)::text FROM pg_stat_io w)';
  END IF;
  RETURN QUERY SELECT 'wal position', flushed::text;
END $probe$;
REVOKE ALL ON FUNCTION probe.snapshot FROM PUBLIC;
