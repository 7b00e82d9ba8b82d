-- What DBAs and psql ask.

-- name: psql-d-relation
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(orders)$' COLLATE pg_catalog.default AND n.nspname OPERATOR(pg_catalog.~) '^(shop)$' COLLATE pg_catalog.default ORDER BY 2, 3
-- name: psql-d-flags
-- judge: count
SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, false AS relhasoids, c.relispartition, pg_catalog.array_to_string(c.reloptions || array(select 'toast.' || x from pg_catalog.unnest(tc.reloptions) x), ', '), c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident, am.amname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid) LEFT JOIN pg_catalog.pg_am am ON (c.relam = am.oid) WHERE c.oid = 'shop.orders'::regclass
-- name: psql-d-columns
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation, a.attidentity, a.attgenerated FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'shop.customers'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
-- name: psql-d-indexes
SELECT c2.relname, i.indisprimary, i.indisunique, i.indisclustered, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), pg_catalog.pg_get_constraintdef(con.oid, true), contype, condeferrable, condeferred, i.indisreplident, c2.reltablespace FROM pg_catalog.pg_class c, pg_catalog.pg_class c2, pg_catalog.pg_index i LEFT JOIN pg_catalog.pg_constraint con ON (conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x')) WHERE c.oid = 'shop.customers'::regclass AND c.oid = i.indrelid AND i.indexrelid = c2.oid ORDER BY i.indisprimary DESC, c2.relname
-- name: psql-d-constraints
SELECT r.conname, pg_catalog.pg_get_constraintdef(r.oid, true) FROM pg_catalog.pg_constraint r WHERE r.conrelid = 'shop.orders'::regclass AND r.contype = 'c' ORDER BY 1
-- name: psql-d-foreign-keys
SELECT conname, conrelid::pg_catalog.regclass AS ontable, pg_catalog.pg_get_constraintdef(oid, true) AS condef FROM pg_catalog.pg_constraint c WHERE confrelid IN (SELECT pg_catalog.pg_partition_ancestors('shop.customers'::regclass) UNION ALL VALUES ('shop.customers'::pg_catalog.regclass)) AND contype = 'f' AND conparentid = 0 ORDER BY conname
-- name: psql-dt
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2
-- name: psql-dt-plus-size
-- judge: count
SELECT c.relname, pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid)), pg_catalog.obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' ORDER BY 1
-- name: psql-df
SELECT n.nspname, p.proname, pg_catalog.pg_get_function_result(p.oid), pg_catalog.pg_get_function_arguments(p.oid), CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END, p.provolatile, p.proparallel, pg_catalog.pg_get_userbyid(p.proowner), l.lanname, p.prosrc FROM pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE n.nspname = 'public' ORDER BY 1, 2, 4
-- name: psql-du
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil, r.rolreplication, r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1
-- name: psql-dn
SELECT n.nspname, pg_catalog.pg_get_userbyid(n.nspowner), pg_catalog.array_to_string(n.nspacl, E'\n') FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' ORDER BY 1
-- name: psql-l
-- judge: count
SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(d.datname)) FROM pg_catalog.pg_database d WHERE has_database_privilege(d.datname, 'CONNECT') ORDER BY 1
-- name: psql-dx
SELECT e.extname, e.extversion, n.nspname, c.description FROM pg_catalog.pg_extension e LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace LEFT JOIN pg_catalog.pg_description c ON c.objoid = e.oid AND c.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass ORDER BY 1
-- name: psql-dT
SELECT pg_catalog.format_type(t.oid, NULL), pg_catalog.obj_description(t.oid, 'pg_type') FROM pg_catalog.pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = 'shop' AND (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid)) ORDER BY 1
-- name: psql-sf
SELECT pg_catalog.pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.proname = 'mark' AND p.pronamespace = 'h'::regnamespace ORDER BY p.pronargs
-- name: psql-sv
SELECT pg_catalog.pg_get_viewdef('shop.paid'::regclass, true), pg_get_ruledef(oid) FROM pg_rewrite WHERE ev_class = 'shop.paid'::regclass
-- name: psql-policies-triggers
SELECT pol.polname, pg_catalog.pg_get_expr(pol.polqual, pol.polrelid) FROM pg_policy pol ORDER BY 1, 2
-- name: triggers
SELECT tgname, pg_get_triggerdef(oid, true) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1
-- name: information-schema-tables
SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema IN ('shop', 'public') ORDER BY 1, 2
-- name: information-schema-columns
SELECT column_name, data_type, is_nullable, column_default, character_maximum_length FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'orders' ORDER BY ordinal_position
-- name: information-schema-keys
SELECT tc.constraint_name, kcu.column_name, ccu.table_name FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kcu USING (constraint_schema, constraint_name) JOIN information_schema.constraint_column_usage ccu USING (constraint_schema, constraint_name) WHERE tc.table_schema = 'shop' ORDER BY 1, 2, 3
-- name: information-schema-routines
SELECT count(*) > 10 FROM information_schema.routines WHERE routine_schema = 'pg_catalog'
-- name: information-schema-views-privileges
SELECT count(*) >= 0 FROM information_schema.views v, information_schema.role_table_grants g WHERE v.table_name = g.table_name
-- name: information-schema-domains
SELECT domain_name, data_type FROM information_schema.domains WHERE domain_schema = 'shop'
-- name: pg-tables-views-indexes
SELECT schemaname, tablename, hasindexes FROM pg_tables WHERE schemaname = 'shop' UNION ALL SELECT schemaname, viewname, NULL FROM pg_views WHERE schemaname = 'shop' UNION ALL SELECT schemaname, indexdef, NULL FROM pg_indexes WHERE schemaname = 'shop' ORDER BY 1, 2
-- name: pg-settings
SELECT name, vartype, context FROM pg_settings WHERE name LIKE '%work_mem' ORDER BY name
-- name: current-setting
SELECT current_setting('work_mem'), current_setting('no.such', true), current_database(), current_schema, current_schemas(false), session_user, current_user, user, current_role, current_catalog
-- name: connection
-- judge: count
SELECT version(), pg_backend_pid(), inet_server_port(), pg_postmaster_start_time(), pg_conf_load_time(), pg_is_in_recovery(), pg_my_temp_schema(), inet_client_addr(), pg_trigger_depth()
-- name: stat-activity
-- judge: answered
SELECT pid, usename, state, wait_event_type, query, now() - query_start, pg_blocking_pids(pid) FROM pg_stat_activity WHERE datname = current_database() ORDER BY query_start
-- name: locks
-- judge: answered
SELECT l.locktype, l.mode, l.granted, l.relation::regclass, a.query FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
-- name: blocking
SELECT blocked.pid, blocking.pid FROM pg_stat_activity blocked JOIN LATERAL unnest(pg_blocking_pids(blocked.pid)) b(pid) ON true JOIN pg_stat_activity blocking ON blocking.pid = b.pid
-- name: stat-tables
-- judge: count
SELECT relname, seq_scan, idx_scan, n_live_tup, n_dead_tup, last_vacuum, last_autoanalyze FROM pg_stat_user_tables WHERE schemaname = 'shop' ORDER BY relname
-- name: stat-indexes
-- judge: count
SELECT indexrelname, idx_scan, pg_size_pretty(pg_relation_size(indexrelid)) FROM pg_stat_user_indexes WHERE schemaname = 'shop' ORDER BY 1
-- name: statio
-- judge: count
SELECT relname, heap_blks_read, heap_blks_hit, round(heap_blks_hit * 100.0 / nullif(heap_blks_hit + heap_blks_read, 0), 2) FROM pg_statio_user_tables WHERE schemaname = 'shop'
-- name: stat-database
-- judge: answered
SELECT datname, xact_commit, blks_hit, temp_bytes, deadlocks, stats_reset FROM pg_stat_database
-- name: stat-bgwriter-archiver-wal
-- judge: answered
SELECT b.*, a.archived_count FROM pg_stat_bgwriter b, pg_stat_archiver a
-- name: stat-replication
-- judge: answered
SELECT r.*, s.slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn) FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
-- name: stat-progress
SELECT count(*) FROM pg_stat_progress_vacuum UNION ALL SELECT count(*) FROM pg_stat_progress_create_index UNION ALL SELECT count(*) FROM pg_stat_progress_analyze
-- name: stat-io
-- min: 16
-- judge: answered
SELECT * FROM pg_stat_io
-- name: stat-checkpointer
-- min: 17
-- judge: answered
SELECT * FROM pg_stat_checkpointer, pg_stat_wal
-- name: stat-functions
-- judge: answered
SELECT * FROM pg_stat_user_functions, pg_stat_xact_user_tables
-- name: stats
SELECT attname, n_distinct, null_frac, most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE schemaname = 'shop' AND tablename = 'orders' ORDER BY 1
-- name: stat-getters
-- judge: answered
SELECT pg_stat_get_numscans('shop.orders'::regclass), pg_stat_get_live_tuples('shop.orders'::regclass), pg_stat_get_db_numbackends(oid) FROM pg_database
-- name: sizes
-- judge: count
SELECT pg_relation_size('shop.orders'), pg_total_relation_size('shop.orders'), pg_indexes_size('shop.orders'), pg_table_size('shop.orders'), pg_database_size(current_database()), pg_size_pretty(123456789::bigint), pg_size_bytes('1 GB'), pg_column_size('abc'::text), pg_tablespace_size('pg_default')
-- name: size-of-columns
SELECT sum(pg_column_size(o)) > 0, pg_column_size(o.note) FROM shop.orders o GROUP BY o.note ORDER BY 2 LIMIT 1
-- name: wal-position
-- as: superuser
-- judge: answered
SELECT pg_current_wal_lsn(), pg_current_wal_insert_lsn(), pg_walfile_name(pg_current_wal_lsn()), pg_wal_lsn_diff('0/10', '0/1'), pg_last_wal_receive_lsn(), pg_last_xact_replay_timestamp()
-- name: wal-files
-- as: superuser
-- judge: answered
SELECT count(*), sum(size) FROM pg_ls_waldir()
-- name: control-data
-- as: superuser
-- judge: answered
SELECT * FROM pg_control_checkpoint(), pg_control_system()
-- name: hba
-- as: superuser
-- judge: answered
SELECT type, database, user_name, auth_method, error FROM pg_hba_file_rules
-- name: file-settings
-- as: superuser
-- judge: answered
SELECT name, setting, applied FROM pg_file_settings
-- name: roles-of-superuser
-- as: superuser
SELECT rolname FROM pg_authid ORDER BY 1
-- name: statements
-- judge: answered
SELECT queryid, calls, rows, left(query, 40) FROM probe.pg_stat_statements ORDER BY calls DESC LIMIT 5
-- name: bloat-estimate
-- judge: answered
SELECT nspname, relname, pg_relation_size(c.oid), relpages, reltuples, age(relfrozenxid), mxid_age(relminmxid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' ORDER BY relpages DESC LIMIT 20
-- name: wraparound
-- judge: answered
SELECT datname, age(datfrozenxid), current_setting('autovacuum_freeze_max_age')::bigint - age(datfrozenxid) FROM pg_database ORDER BY 2 DESC
-- name: privileges
SELECT has_table_privilege('shop.orders', 'SELECT'), has_schema_privilege('shop', 'USAGE'), has_column_privilege('shop.orders', 'id', 'UPDATE'), pg_has_role(current_user, 'pg_monitor', 'MEMBER') IS NOT NULL, has_function_privilege('now()', 'EXECUTE'), (aclexplode(relacl)).privilege_type FROM pg_class WHERE oid = 'shop.orders'::regclass ORDER BY 6
-- name: dependencies
SELECT DISTINCT pg_describe_object(classid, objid, objsubid), deptype FROM pg_depend WHERE refobjid = 'shop.orders'::regclass ORDER BY 1, 2
-- name: identify-object
SELECT * FROM pg_identify_object('pg_class'::regclass, 'shop.orders'::regclass, 0)
-- name: comments
SELECT obj_description('pg_class'::regclass), col_description('pg_class'::regclass, 1), shobj_description(1, 'pg_database')
-- name: to-reg
SELECT to_regclass('shop.orders'), to_regclass('nope'), to_regtype('int4'), to_regproc('now'), to_regnamespace('shop'), to_regrole('nobody'), 'shop.orders'::regclass::oid::regclass
-- name: sequences-view
SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'shop'
-- name: serial-sequence
SELECT pg_get_serial_sequence('shop.orders', 'id'), pg_sequence_last_value('shop.numbers')
-- name: partition-tree
SELECT relid::text, level FROM pg_partition_tree('fine.parted') ORDER BY 1
-- name: timezone-names
SELECT count(*) > 100 FROM pg_timezone_names
-- name: keywords
SELECT word, catcode FROM pg_get_keywords() WHERE word LIKE 'sel%'
-- name: available-extensions
-- judge: answered
SELECT name, default_version, installed_version FROM pg_available_extensions
-- name: prepared-statements-cursors
-- judge: answered
SELECT name, statement FROM pg_prepared_statements UNION ALL SELECT name, statement FROM pg_cursors
-- name: backend-memory
-- as: superuser
-- min: 14
-- judge: answered
SELECT name, total_bytes FROM pg_backend_memory_contexts ORDER BY 2 DESC LIMIT 5
-- name: shared-memory
-- as: superuser
-- judge: answered
SELECT name, allocated_size FROM pg_shmem_allocations ORDER BY 2 DESC LIMIT 3
-- name: buffercache
-- as: superuser
-- judge: answered
SELECT c.relname, count(*) FROM probe.pg_buffercache b JOIN pg_class c ON b.relfilenode = pg_relation_filenode(c.oid) GROUP BY 1 ORDER BY 2 DESC LIMIT 5
-- name: pgstattuple
-- as: superuser
-- judge: answered
SELECT * FROM probe.pgstattuple('shop.orders'), probe.pgstatindex('shop.orders_pkey')
-- name: pageinspect
-- as: superuser
-- judge: answered
SELECT lp, t_xmin FROM probe.heap_page_items(probe.get_raw_page('shop.orders', 0)) LIMIT 3
-- name: visibility
-- as: superuser
-- judge: answered
SELECT * FROM probe.pg_visibility_map_summary('shop.orders')
-- name: freespace
-- as: superuser
-- judge: answered
SELECT ext.pg_freespace('shop.orders', 0)
-- name: row-locks
-- as: superuser
SELECT * FROM ext.pgrowlocks('shop.orders')
-- name: encoding-collation
SELECT pg_encoding_to_char(encoding), pg_client_encoding(), getdatabaseencoding(), pg_char_to_encoding('UTF8') FROM pg_database WHERE datname = current_database()
-- name: event-triggers-publications
SELECT evtname::text FROM pg_event_trigger UNION ALL SELECT pubname FROM pg_publication UNION ALL SELECT subname FROM pg_subscription
-- name: foreign-tables
SELECT srvname FROM pg_foreign_server ORDER BY 1
-- name: inheritance
SELECT inhrelid::regclass::text, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'fine.parted'::regclass ORDER BY 1
-- name: listening
SELECT pg_listening_channels(), pg_notification_queue_usage()
-- name: unused-indexes
-- judge: count
SELECT s.indexrelname FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid) WHERE s.idx_scan = 0 AND NOT i.indisunique AND s.schemaname = 'shop'
-- name: missing-fk-index
SELECT c.conname, array_agg(a.attname ORDER BY x.n) FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY x(attnum, n) JOIN pg_attribute a ON a.attnum = x.attnum AND a.attrelid = c.conrelid WHERE c.contype = 'f' AND c.conrelid = 'shop.orders'::regclass GROUP BY c.oid, c.conname
-- name: toast
-- judge: count
SELECT c.relname, pg_relation_size(c.reltoastrelid) FROM pg_class c WHERE c.relnamespace = 'shop'::regnamespace AND c.reltoastrelid <> 0
-- name: wait-events
-- min: 17
-- judge: answered
SELECT type, count(*) FROM pg_wait_events GROUP BY 1
-- name: log-folder
-- as: superuser
-- judge: answered
SELECT name, size FROM pg_ls_logdir() ORDER BY 1
