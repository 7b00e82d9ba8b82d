-- Functions of extensions that reach out, write, or run SQL; foreign tables.

-- setup: foreign tables
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE h.ft_program (line text) SERVER files OPTIONS (program 'touch {{canary}}/program; echo 1');
CREATE FOREIGN TABLE h.ft_file (line text) SERVER files OPTIONS (filename '{{canary}}/secret.txt');
CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{{host}}', port '{{port}}', dbname '{{database}}');
CREATE USER MAPPING FOR {{superuser}} SERVER loop OPTIONS (user '{{superuser}}', password '{{password}}');
CREATE USER MAPPING FOR {{plain}} SERVER loop OPTIONS (user '{{superuser}}', password '{{password}}', password_required 'false');
CREATE VIEW h.v_remote AS SELECT h.mark() AS m, nextval('h.canary_seq') AS n;
CREATE FOREIGN TABLE h.ft_remote (m int) SERVER loop OPTIONS (schema_name 'h', table_name 'v_remote');
CREATE VIEW h.v_over_foreign AS SELECT line FROM h.ft_file;
CREATE FUNCTION h.reads_foreign() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT line FROM h.ft_file';
CREATE TABLE h.part_foreign (line text) PARTITION BY LIST (line);
CREATE VIEW h.v_remote_text AS SELECT h.mark()::text AS line;
CREATE FOREIGN TABLE h.part_foreign_1 PARTITION OF h.part_foreign DEFAULT SERVER loop OPTIONS (schema_name 'h', table_name 'v_remote_text');
CREATE TABLE h.inherit_parent (m int);
CREATE FOREIGN TABLE h.inherit_foreign () INHERITS (h.inherit_parent) SERVER loop OPTIONS (schema_name 'h', table_name 'v_remote');
GRANT USAGE ON FOREIGN SERVER loop TO PUBLIC;
CREATE MATERIALIZED VIEW h.mv_dblink AS SELECT 1 AS a;
CREATE VIEW h.v_dblink AS SELECT * FROM ext.dblink('host={{host}} port={{port}} dbname={{database}} user={{superuser}} password={{password}}', 'SELECT h.mark()') AS x(m int);
CREATE TABLE h.xpath_docs (id int, doc text);
INSERT INTO h.xpath_docs VALUES (1, '<a>1</a>');
CREATE TABLE h.tree (id text, parent text);
INSERT INTO h.tree VALUES ('a', NULL), ('b', 'a');
CREATE VIEW h.v_tree AS SELECT id, parent FROM h.tree WHERE h.mark_true(id);

-- name: file-fdw-program
SELECT * FROM h.ft_program
-- name: file-fdw-file
SELECT * FROM h.ft_file
-- name: file-fdw-view
SELECT * FROM h.v_over_foreign
-- name: file-fdw-function
SELECT h.reads_foreign()
-- name: postgres-fdw
SELECT m FROM h.ft_remote
-- name: postgres-fdw-partition
SELECT line FROM h.part_foreign
-- name: postgres-fdw-child
SELECT m FROM h.inherit_parent
-- name: postgres-fdw-explain-analyze
EXPLAIN ANALYZE SELECT m FROM h.ft_remote
-- name: postgres-fdw-in-exists
SELECT 1 WHERE EXISTS (SELECT m FROM h.ft_remote WHERE m = 1)
-- name: dblink
-- as: superuser
SELECT * FROM ext.dblink('host={{host}} port={{port}} dbname={{database}} user={{superuser}} password={{password}}', 'SELECT h.mark()') AS x(m int)
-- name: dblink-exec
-- as: superuser
SELECT ext.dblink_exec('host={{host}} port={{port}} dbname={{database}} user={{superuser}} password={{password}}', 'DELETE FROM h.canary')
-- name: dblink-connect-named
-- as: superuser
SELECT ext.dblink_connect('left', 'host={{host}} port={{port}} dbname={{database}} user={{superuser}} password={{password}}'), ext.dblink_exec('left', 'BEGIN; DELETE FROM h.canary')
-- name: dblink-server
-- as: superuser
SELECT * FROM ext.dblink('loop', 'SELECT h.mark()') AS x(m int)
-- name: dblink-exec-server
-- as: superuser
SELECT ext.dblink_exec('loop', 'UPDATE h.canary SET n = 42')
-- name: dblink-send-query
-- as: superuser
SELECT ext.dblink_connect('sent', 'host={{host}} port={{port}} dbname={{database}} user={{superuser}} password={{password}}'), ext.dblink_send_query('sent', 'SELECT h.mark()'), pg_sleep(0.2)
-- name: dblink-open-cursor
-- as: superuser
SELECT ext.dblink_connect('opened', 'host={{host}} port={{port}} dbname={{database}} user={{superuser}} password={{password}}'), ext.dblink_open('opened', 'c', 'SELECT h.mark()'), (SELECT count(*) FROM ext.dblink_fetch('opened', 'c', 1) AS x(m int))
-- name: dblink-view
-- as: superuser
SELECT * FROM h.v_dblink
-- name: crosstab
SELECT * FROM ext.crosstab('SELECT 1, 1, h.mark()') AS x(a int, b int)
-- name: crosstab-two-queries
SELECT * FROM ext.crosstab('SELECT 1, 1, 1', 'SELECT h.mark()') AS x(a int, b int)
-- name: crosstab2
SELECT * FROM ext.crosstab2('SELECT ''a''::text, ''b''::text, h.mark()::text')
-- name: connectby
SELECT * FROM ext.connectby('h.v_tree', 'id', 'parent', 'a', 0) AS t(id text, parent text, level int)
-- name: connectby-injection
SELECT * FROM ext.connectby('(SELECT id, parent FROM h.tree WHERE h.mark_true(1)) z', 'id', 'parent', 'a', 0) AS t(id text, parent text, level int)
-- name: xpath-table
SELECT * FROM ext.xpath_table('id', 'doc', 'h.xpath_docs', '/a', 'h.mark_true(1)') AS t(id int, a text)
-- name: xslt-process
SELECT ext.xslt_process('<a/>', '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><x><xsl:value-of select="1"/></x></xsl:template></xsl:stylesheet>') WHERE h.mark_true(1)
-- name: set-limit
SELECT ext.set_limit(0.77)
-- name: isn-weak
-- max: 17
SELECT ext.isn_weak(true)
-- name: hypopg
-- requires: hypopg
SELECT * FROM ext.hypopg_create_index('CREATE INDEX ON h.canary (n)')
-- name: prewarm
SELECT ext.pg_prewarm('h.canary_cold')
-- name: buffercache-evict
-- as: superuser
-- min: 17
SELECT count(probe.pg_buffercache_evict(bufferid)) FROM probe.pg_buffercache WHERE relfilenode = pg_relation_filenode('h.canary_vm')
-- name: surgery-kill
-- as: superuser
-- min: 14
SELECT ext.heap_force_kill('h.canary_vm', ARRAY['(0,1)']::tid[])
-- name: truncate-visibility-map
-- as: superuser
SELECT probe.pg_truncate_visibility_map('h.canary_vm')
-- name: adminpack-write
-- as: superuser
-- requires: adminpack
SELECT pg_file_write('{{canary}}/written', 'x', true)
-- name: adminpack-unlink
-- as: superuser
-- requires: adminpack
SELECT pg_file_unlink('{{canary}}/secret.txt')
-- name: adminpack-rename
-- as: superuser
-- requires: adminpack
SELECT pg_file_rename('{{canary}}/secret.txt', '{{canary}}/renamed.txt')
-- name: statements-reset
-- as: superuser
-- min: 14
SELECT probe.pg_stat_statements_reset(0, 0, 0)
-- name: lo-manage-oid
SELECT lo_creat(131072)::ext.lo
-- name: tablefunc-normal-rand
SELECT setseed(0.42) FROM ext.normal_rand(1, 0, 1)
-- name: amcheck-parent-lock
-- as: superuser
SELECT ext.bt_index_parent_check('h.canary_pkey'::regclass) WHERE h.mark_true(1)
-- name: pgrowlocks-of-view
-- as: superuser
SELECT count(*) FROM ext.pgrowlocks('h.canary') WHERE h.mark_true(1)
-- setup: estimates of another server
CREATE VIEW h.v_remote_estimated AS SELECT h.mark_immutable(1) AS m;
CREATE FOREIGN TABLE h.ft_estimated (m int) SERVER loop OPTIONS (schema_name 'h', table_name 'v_remote_estimated', use_remote_estimate 'true');
-- name: postgres-fdw-explain-remote-estimate
EXPLAIN SELECT m FROM h.ft_estimated
-- name: buffercache-evict-relation
-- as: superuser
-- min: 18
SELECT * FROM probe.pg_buffercache_evict_relation('h.canary_vm')
-- name: autoprewarm-dump
-- as: superuser
SELECT ext.autoprewarm_dump_now()
