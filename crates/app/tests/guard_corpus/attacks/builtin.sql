-- Built-in functions with an effect, called plainly.

-- setup: large object and slot
SELECT CASE WHEN NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'canary_slot') THEN pg_create_physical_replication_slot('canary_slot', true) END;
CREATE FUNCTION h.victim() RETURNS int STABLE LANGUAGE sql AS $$ SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'victim%' AND usename = current_user LIMIT 1 $$;

-- name: nextval
SELECT nextval('h.canary_seq')
-- name: setval
SELECT setval('h.canary_seq', 1000)
-- name: setval-three
SELECT setval('h.canary_seq'::regclass, 2000, false)
-- name: txid-current
SELECT txid_current()
-- name: pg-current-xact-id
SELECT pg_current_xact_id()
-- name: set-config-session
SELECT set_config('work_mem', '111kB', false)
-- name: set-config-custom
SELECT set_config('canary.leftover', 'here', false)
-- name: set-config-read-write
SELECT set_config('transaction_read_only', 'off', true), set_config('canary.leftover', 'y', false)
-- name: set-config-search-path
SELECT set_config('search_path', 'h,public', false)
-- name: update-pg-settings
UPDATE pg_settings SET setting = '222' WHERE name = 'work_mem'
-- name: update-pg-settings-explain
EXPLAIN ANALYZE UPDATE pg_settings SET setting = '222' WHERE name = 'work_mem'
-- name: setseed
SELECT setseed(0.42)
-- name: advisory-lock
SELECT pg_advisory_lock(1)
-- name: advisory-lock-two
SELECT pg_advisory_lock(1, 2)
-- name: advisory-lock-shared
SELECT pg_advisory_lock_shared(3)
-- name: try-advisory-lock
SELECT pg_try_advisory_lock(4)
-- name: try-advisory-lock-shared-two
SELECT pg_try_advisory_lock_shared(4, 5)
-- name: advisory-lock-many
SELECT count(pg_advisory_lock(i)) FROM generate_series(1, 100) i
-- name: notify
SELECT pg_notify('canary', 'function')
-- name: notify-computed
SELECT pg_notify('can' || 'ary', repeat('x', 100))
-- name: terminate
SELECT pg_terminate_backend(h.victim())
-- name: terminate-timeout
-- min: 14
SELECT pg_terminate_backend(h.victim(), 100)
-- name: terminate-from-activity
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'victim%' AND usename = current_user
-- name: cancel-self-running
SELECT pg_cancel_backend(pid), pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'victim%' AND usename = current_user
-- name: reload
-- as: superuser
SELECT pg_reload_conf()
-- name: rotate-log
-- as: superuser
SELECT pg_rotate_logfile(), pg_sleep(1.1), pg_rotate_logfile()
-- name: log-memory-contexts
-- as: superuser
-- min: 14
SELECT pg_log_backend_memory_contexts(pg_backend_pid())
-- name: physical-slot
-- as: superuser
SELECT pg_create_physical_replication_slot('attack')
-- name: logical-slot
-- as: superuser
SELECT pg_create_logical_replication_slot('attack', 'pgoutput')
-- name: temporary-logical-slot
-- as: superuser
SELECT * FROM pg_create_logical_replication_slot('attack_temporary', 'test_decoding', true)
-- name: copy-slot
-- as: superuser
SELECT pg_copy_physical_replication_slot('canary_slot', 'copied_slot')
-- name: origin-create
-- as: superuser
SELECT pg_replication_origin_create('attack')
-- name: origin-drop
-- as: superuser
SELECT pg_replication_origin_drop('canary_origin')
-- name: origin-advance
-- as: superuser
SELECT pg_replication_origin_create('attack2'), pg_replication_origin_advance('attack2', '0/1234')
-- name: restore-point
-- as: superuser
SELECT pg_create_restore_point('attack')
-- name: switch-wal
-- as: superuser
SELECT pg_create_restore_point('before'), pg_switch_wal()
-- name: emit-message
-- min: 15
SELECT pg_logical_emit_message(false, 'attack', 'text')
-- name: emit-message-bytes
-- min: 15
SELECT pg_logical_emit_message(false, 'attack', '\x00'::bytea)
-- name: emit-message-transactional
SELECT pg_logical_emit_message(true, 'attack', 'text')
-- name: backup-start
-- as: superuser
-- min: 15
SELECT pg_backup_start('attack', true), pg_create_restore_point('in backup')
-- name: start-backup
-- as: superuser
-- max: 14
SELECT pg_start_backup('attack', true)
-- name: read-file
-- as: superuser
SELECT pg_read_file('{{canary}}/secret.txt')
-- name: read-file-part
-- as: superuser
SELECT pg_read_file('{{canary}}/secret.txt', 0, 100)
-- name: read-binary-file
-- as: superuser
SELECT convert_from(pg_read_binary_file('{{canary}}/secret.txt'), 'UTF8')
-- name: read-file-missing-ok
-- as: superuser
SELECT pg_read_file('{{canary}}/secret.txt', 0, 100, true)
-- name: ls-dir
-- as: superuser
SELECT pg_ls_dir('{{canary}}')
-- name: ls-dir-from
-- as: superuser
SELECT * FROM pg_ls_dir('{{canary}}', true, false) AS f
-- name: lo-create
SELECT lo_create(0)
-- name: lo-creat
SELECT lo_creat(-1)
-- name: lo-from-bytea
SELECT lo_from_bytea(0, '\x01')
-- name: lo-put
SELECT lo_put(4242, 0, '\x4141')
-- name: lo-truncate
SELECT lo_truncate(lo_open(4242, 131072), 3)
-- name: lowrite
SELECT lowrite(lo_open(4242, 131072), 'zzzz')
-- name: lo-unlink
-- as: superuser
SELECT lo_unlink(4242)
-- name: lo-import
-- as: superuser
SELECT lo_import('{{canary}}/secret.txt')
-- name: lo-import-oid
-- as: superuser
SELECT lo_import('{{canary}}/secret.txt', 5555)
-- name: lo-export
-- as: superuser
SELECT lo_export(4242, '{{canary}}/exported')
-- name: stat-reset
-- as: superuser
SELECT pg_stat_reset()
-- name: stat-reset-shared-bgwriter
-- as: superuser
SELECT pg_stat_reset_shared('bgwriter')
-- name: stat-reset-shared-archiver
-- as: superuser
SELECT pg_stat_reset_shared('archiver')
-- name: stat-reset-shared-wal
-- as: superuser
-- min: 14
SELECT pg_stat_reset_shared('wal')
-- name: stat-reset-shared-io
-- as: superuser
-- min: 16
SELECT pg_stat_reset_shared('io')
-- name: stat-reset-shared-prefetch
-- as: superuser
-- min: 15
SELECT pg_stat_reset_shared('recovery_prefetch')
-- name: stat-reset-slru
-- as: superuser
SELECT pg_stat_reset_slru(NULL)
-- name: stat-reset-table
-- as: superuser
SELECT pg_stat_reset_single_table_counters('h.canary'::regclass)
-- name: restore-relation-stats
-- as: superuser
-- min: 18
SELECT pg_restore_relation_stats('schemaname', 'h', 'relname', 'canary', 'reltuples', 1e9::real)
-- name: restore-attribute-stats
-- as: superuser
-- min: 18
SELECT pg_restore_attribute_stats('schemaname', 'h', 'relname', 'canary', 'attname', 'n', 'inherited', false, 'null_frac', 0.5::real)
-- name: clear-relation-stats
-- as: superuser
-- min: 18
SELECT pg_clear_relation_stats('h', 'canary')
-- name: clear-attribute-stats
-- as: superuser
-- min: 18
SELECT pg_clear_attribute_stats('h', 'canary', 'id', false), h.mark()
-- name: brin-summarize
-- as: superuser
SELECT brin_summarize_new_values('h.canary_brin_index')
-- name: brin-summarize-range
-- as: superuser
SELECT brin_desummarize_range('h.canary_brin_index', 0), brin_summarize_range('h.canary_brin_index', 3)
-- name: brin-desummarize
-- as: superuser
SELECT brin_desummarize_range('h.canary_brin_index', 1)
-- name: gin-clean
-- as: superuser
SELECT gin_clean_pending_list('h.canary_gin')
-- name: import-collations
-- as: superuser
SELECT pg_import_system_collations('h'), h.mark()
-- name: nextoid
-- as: superuser
SELECT count(pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')), h.mark() FROM generate_series(1, 3)
-- name: query-to-xml
SELECT query_to_xml('SELECT h.mark()', true, true, '')
-- name: query-to-xml-and-schema
SELECT query_to_xml_and_xmlschema('SELECT h.mark()', true, true, '')
-- name: query-to-xmlschema
SELECT query_to_xmlschema('SELECT 1 WHERE h.mark_true(1)', true, true, '')
-- name: query-to-xml-set-config
SELECT query_to_xml($$SELECT set_config('canary.leftover', 'xml', false)$$, true, true, '')
-- name: query-to-xml-read-file
-- as: superuser
SELECT query_to_xml($$SELECT pg_read_file('{{canary}}/secret.txt')$$, true, true, '')
-- name: table-to-xml-view
SELECT table_to_xml('h.xml_view', true, true, '')
-- name: table-to-xml-and-schema-view
SELECT table_to_xml_and_xmlschema('h.xml_view'::regclass, true, true, '')
-- name: schema-to-xml
SELECT length(schema_to_xml('hx', true, true, '')::text)
-- name: schema-to-xml-and-schema
SELECT length(schema_to_xml_and_xmlschema('hx', true, true, '')::text)
-- name: database-to-xml
-- as: plain
SELECT length(database_to_xml(true, true, '')::text) WHERE h.mark() = 1
-- setup: views that the xml functions read
CREATE VIEW h.xml_view AS SELECT h.mark() AS m;
CREATE SCHEMA hx;
CREATE VIEW hx.v AS SELECT h.mark() AS m;
-- name: cursor-to-xml
BEGIN; DECLARE c CURSOR FOR SELECT h.mark(); SELECT cursor_to_xml('c', 1, true, true, '')
-- name: ts-stat
SELECT * FROM ts_stat('SELECT to_tsvector(''a'') FROM h.mark_rows()')
-- name: ts-stat-weights
SELECT * FROM ts_stat('SELECT to_tsvector(''a'') WHERE h.mark_true(1)', 'ab')
-- name: ts-rewrite
SELECT ts_rewrite('a & b'::tsquery, 'SELECT ''a''::tsquery, ''c''::tsquery WHERE h.mark_true(1)')
-- name: pg-stat-statements-reset
-- as: superuser
-- min: 14
SELECT probe.pg_stat_statements_reset()
-- name: logical-get-changes
-- as: superuser
SELECT pg_create_logical_replication_slot('attack_changes', 'test_decoding'), (SELECT count(*) FROM pg_logical_slot_get_changes('attack_changes', NULL, NULL))
-- name: drop-slot
-- as: superuser
SELECT pg_create_physical_replication_slot('attack_dropped'), h.mark(), pg_drop_replication_slot('attack_dropped')
-- name: slot-advance
-- as: superuser
SELECT pg_replication_slot_advance('canary_slot', pg_current_wal_lsn()), h.mark()
-- name: advisory-unlock-then-lock
SELECT pg_advisory_unlock_all(), pg_advisory_lock(88)
-- name: event-in-dollar-parameter
SELECT pg_catalog.set_config($n$work_mem$n$, $v$333kB$v$, $$false$$::boolean)
