-- What drivers, frameworks and dashboards ask by themselves, and newer or rarer forms of queries.

-- name: django-tables
SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END, obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AND n.nspname = 'shop' ORDER BY 1
-- name: django-constraints
SELECT c.conname, array(SELECT attname FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx) JOIN pg_attribute AS ca ON cols.colid = ca.attnum WHERE ca.attrelid = c.conrelid ORDER BY cols.arridx), c.contype, (SELECT fkc.relname || '.' || fka.attname FROM pg_attribute AS fka JOIN pg_class AS fkc ON fka.attrelid = fkc.oid WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]), cl.reloptions FROM pg_constraint AS c JOIN pg_class AS cl ON c.conrelid = cl.oid WHERE cl.relname = 'orders' AND cl.relnamespace = 'shop'::regnamespace ORDER BY 1
-- name: rails-columns
SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"shop"."orders"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
-- name: rails-types
-- judge: count
SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type AS t LEFT JOIN pg_range AS r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4', 'jsonb', 'daterange') OR t.typtype IN ('r', 'e') AND t.typelem = 0
-- name: rails-enums
SELECT type.typname AS name, type.oid > 0 AS oid, n.nspname AS schema, array_agg(enum.enumlabel ORDER BY enum.enumsortorder) AS value FROM pg_enum AS enum JOIN pg_type AS type ON (type.oid = enum.enumtypid) JOIN pg_namespace n ON type.typnamespace = n.oid WHERE n.nspname = 'shop' GROUP BY type.oid, n.nspname, type.typname ORDER BY 1
-- name: sqlalchemy-has-table
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relname = 'orders' AND pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm']) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) IS NOT NULL AND pg_catalog.pg_namespace.nspname != 'pg_catalog'
-- name: sqlalchemy-indexes
SELECT i.indexrelid::regclass::text, coalesce(array_agg(CASE WHEN x.attnum = 0 THEN pg_get_indexdef(i.indexrelid, x.ord::int, true) ELSE a.attname::text END ORDER BY x.ord), '{}'), i.indnkeyatts FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS x(attnum, ord) LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = x.attnum WHERE i.indrelid = 'shop.orders'::regclass GROUP BY i.indexrelid, i.indnkeyatts ORDER BY 1
-- name: hibernate-sequences
SELECT sequence_schema, sequence_name, start_value, minimum_value, maximum_value, increment FROM information_schema.sequences WHERE sequence_schema = 'shop' ORDER BY 2
-- name: jdbc-columns
SELECT * FROM (SELECT n.nspname, c.relname, a.attname, a.atttypid::regtype::text, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull, a.atttypmod, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') AS attidentity, dsc.description, t.typbasetype FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (a.attrelid = c.oid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid) WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname LIKE 'shop' AND c.relname LIKE 'order%') c WHERE true ORDER BY nspname, c.relname, attnum
-- name: jdbc-primary-keys
SELECT result.table_schem, result.table_name, result.column_name, result.key_seq, result.pk_name FROM (SELECT n.nspname AS table_schem, ct.relname AS table_name, a.attname AS column_name, (information_schema._pg_expandarray(i.indkey)).n AS key_seq, ci.relname AS pk_name, information_schema._pg_expandarray(i.indkey) AS keys, a.attnum AS a_attnum FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE n.nspname = 'shop' AND ct.relname = 'orders' AND i.indisprimary) result WHERE result.a_attnum = (result.keys).x ORDER BY result.table_name, result.pk_name, result.key_seq
-- name: pgadmin-dashboard
-- judge: answered
SELECT 'session_stats' AS chart_name, row_to_json(t) AS chart_data FROM (SELECT (SELECT count(*) FROM pg_stat_activity) AS "Total", (SELECT count(*) FROM pg_stat_activity WHERE state = 'active') AS "Active", (SELECT count(*) FROM pg_stat_activity WHERE state = 'idle') AS "Idle") t UNION ALL SELECT 'tps_stats', row_to_json(t) FROM (SELECT (SELECT sum(xact_commit) + sum(xact_rollback) FROM pg_stat_database) AS "Transactions") t
-- name: pgadmin-tree
-- judge: count
SELECT nsp.oid, nsp.nspname AS name, has_schema_privilege(nsp.oid, 'CREATE') AS can_create, CASE WHEN nsp.nspname LIKE 'pg!_%' ESCAPE '!' THEN 0 ELSE 3 END AS sort, array_to_string(nsp.nspacl::text[], ', ') AS acl FROM pg_namespace nsp WHERE nspname NOT LIKE E'pg\\_%' AND NOT (nsp.nspname = 'information_schema' AND EXISTS (SELECT 1 FROM pg_class WHERE relname = 'tables' AND relnamespace = nsp.oid LIMIT 1)) ORDER BY 4, nspname
-- name: exporter-settings
-- judge: answered
SELECT name, setting, coalesce(unit, ''), short_desc, vartype FROM pg_settings WHERE vartype IN ('bool', 'integer', 'real') AND name != 'sync_commit_cancel_wait'
-- name: exporter-lag
-- judge: answered
SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0 ELSE greatest(0, extract(epoch FROM (now() - pg_last_xact_replay_timestamp()))) END AS lag, pg_is_in_recovery()
-- name: exporter-long-transactions
-- judge: answered
SELECT datname, state, count(*), max(extract(epoch FROM clock_timestamp() - xact_start))::float8 AS max_tx_duration FROM pg_stat_activity WHERE pid <> pg_backend_pid() GROUP BY datname, state
-- name: column-statistics-of-a-tool
SELECT s.attname, s.avg_width > 0, CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * c.reltuples ELSE s.n_distinct END > 0 FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename AND c.relnamespace = s.schemaname::regnamespace WHERE s.schemaname = 'shop' AND s.tablename = 'customers' ORDER BY 1
-- name: top-n-by-lateral
SELECT c.id, o.id, o.total FROM shop.customers c LEFT JOIN LATERAL (SELECT id, total FROM shop.orders o WHERE o.customer_id = c.id ORDER BY total DESC, id LIMIT 2) o ON true ORDER BY c.id, o.id
-- name: window-frames
SELECT id, sum(id) OVER w, first_value(id) OVER (w ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW), lag(id, 2, 0) OVER w, ntile(4) OVER w, nth_value(id, 2) OVER (w GROUPS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES), percent_rank() OVER w FROM shop.orders WINDOW w AS (PARTITION BY status ORDER BY id) ORDER BY id LIMIT 20
-- name: gaps-and-islands
SELECT min(id), max(id), count(*) FROM (SELECT id, id - row_number() OVER (ORDER BY id) AS island FROM shop.orders WHERE id % 5 <> 0) s GROUP BY island ORDER BY 1
-- name: recursive-tree-with-search-and-cycle
-- min: 14
WITH RECURSIVE tree AS (SELECT id, parent, 1 AS depth FROM shop.customers WHERE parent IS NULL UNION ALL SELECT c.id, c.parent, t.depth + 1 FROM shop.customers c JOIN tree t ON c.parent = t.id) SEARCH DEPTH FIRST BY id SET ord CYCLE id SET is_cycle USING path SELECT id, depth, is_cycle FROM tree ORDER BY ord LIMIT 10
-- name: grouping-sets
SELECT status, customer_id % 3 AS third, grouping(status, customer_id % 3), count(*) FROM shop.orders GROUP BY GROUPING SETS (ROLLUP (status, customer_id % 3), (customer_id % 3)) ORDER BY 1, 2, 3
-- name: jsonpath
SELECT id, jsonb_path_query_array(extra, '$.list[*] ? (@ > $least)', '{"least": 0}'), jsonb_path_query_first(extra, 'strict $.nested.keyvalue().key'), extra @? '$.list[*] ? (@ == 1)', extra @@ '$.k > 0', jsonb_path_exists(extra, '$.** ? (@.type() == "number")') FROM shop.customers ORDER BY id LIMIT 5
-- name: explain-merge-returning
-- min: 17
-- judge: answered
EXPLAIN MERGE INTO shop.orders o USING shop.customers c ON c.id = o.id WHEN MATCHED AND o.total > 5 THEN UPDATE SET note = c.name WHEN NOT MATCHED BY SOURCE THEN DELETE RETURNING merge_action(), o.id
-- name: explain-returning-old-and-new
-- min: 18
-- judge: answered
EXPLAIN (COSTS off) UPDATE shop.orders SET note = 'x' WHERE id = 1 RETURNING OLD.note, NEW.note
-- name: explain-generic-update
-- min: 16
-- judge: answered
EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT json) UPDATE shop.orders SET note = $2 WHERE id = $1 AND total > $3;
-- name: explain-generic-of-a-join
-- min: 16
-- judge: answered
EXPLAIN (GENERIC_PLAN true) SELECT c.name, o.* FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id WHERE o.placed > $1 AND c.name LIKE $2 ORDER BY o.id LIMIT $3
-- name: explain-generic-without-parameters
-- min: 16
-- judge: answered
EXPLAIN (GENERIC_PLAN) SELECT count(*) FROM shop.orders
-- name: explain-generic-turned-off
-- min: 16
-- judge: answered
EXPLAIN (GENERIC_PLAN off, COSTS) SELECT 1
-- name: explain-generic-beside-many-names
-- min: 16
-- judge: answered
EXPLAIN (GENERIC_PLAN) SELECT upper(c.name), o.id + $1 FROM shop.orders o JOIN shop.customers c USING (id) WHERE c.name = $2 AND o.status = $3
-- name: explain-memory-serialize
-- min: 17
-- judge: answered
EXPLAIN (ANALYZE, MEMORY, SERIALIZE, WAL, SETTINGS, SUMMARY) SELECT * FROM shop.orders
-- name: values-as-a-table
SELECT v.k, o.status FROM (VALUES (1, 'a'), (2, 'b'), (3, NULL)) AS v(k, t) LEFT JOIN shop.orders o ON o.id = v.k WHERE v.t IS DISTINCT FROM 'b' ORDER BY 1
-- name: table-of-a-view
TABLE shop.paid ORDER BY id LIMIT 3
-- name: encodings
SELECT convert_from(convert_to('äöü', 'LATIN1'), 'LATIN1'), convert('\xe4'::bytea, 'LATIN1', 'UTF8'), pg_encoding_max_length(6)
-- name: order-of-what-has-none-by-itself
SELECT box '((0,0),(1,1))' ORDER BY area(box '((0,0),(1,1))')
-- name: types-named-in-text
SELECT 'numeric(10,2)'::regtype, to_regtype('varchar(5)'), format_type('varchar'::regtype, 9), format_type('shop.status'::regtype, NULL), 'shop.status[]'::regtype::text
-- name: views-of-18
-- as: superuser
-- min: 18
-- judge: answered
SELECT (SELECT count(*) FROM pg_aios), (SELECT count(*) FROM pg_get_loaded_modules()), b.* FROM pg_stat_get_backend_io(pg_backend_pid()) b
