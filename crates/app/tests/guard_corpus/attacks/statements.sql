-- Statements that are no queries, and writes dressed as queries.

-- setup: targets
CREATE TABLE h.doomed (id int);
CREATE MATERIALIZED VIEW h.doomed_matview AS SELECT 1 AS one;
ALTER MATERIALIZED VIEW h.doomed_matview OWNER TO {{plain}};
CREATE TABLE h.plains (id int PRIMARY KEY, t text);
INSERT INTO h.plains VALUES (1, 'a');
ALTER TABLE h.plains OWNER TO {{plain}};
CREATE PROCEDURE h.proc() LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); END $$;
CREATE PROCEDURE h.proc_commit() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO h.doomed VALUES (1); COMMIT; END $$;

-- name: insert
INSERT INTO h.doomed VALUES (1)
-- name: insert-returning
INSERT INTO h.doomed VALUES (1) RETURNING id
-- name: insert-select
INSERT INTO h.doomed SELECT id FROM h.canary
-- name: update
UPDATE h.canary SET n = n + 1
-- name: update-returning
UPDATE h.canary SET n = 9 WHERE id = 1 RETURNING *
-- name: delete
DELETE FROM h.canary
-- name: delete-using
DELETE FROM h.canary c USING h.plains p WHERE p.id = c.id
-- name: merge
-- min: 15
MERGE INTO h.canary c USING h.plains p ON c.id = p.id WHEN MATCHED THEN UPDATE SET n = 5
-- name: merge-returning
-- min: 17
MERGE INTO h.canary c USING h.plains p ON c.id = p.id WHEN MATCHED THEN UPDATE SET n = 5 RETURNING merge_action(), c.*
-- name: truncate
TRUNCATE h.doomed
-- name: with-insert
WITH x AS (INSERT INTO h.doomed VALUES (1) RETURNING id) SELECT * FROM x
-- name: with-delete-unreferenced
WITH x AS (DELETE FROM h.canary) SELECT 1
-- name: with-update-nested
SELECT * FROM (VALUES (1)) v(a) WHERE EXISTS (SELECT 1) UNION ALL (WITH x AS (SELECT 1) SELECT * FROM x) ; UPDATE h.canary SET n = 4
-- name: with-merge
-- min: 17
WITH x AS (MERGE INTO h.canary c USING h.plains p ON c.id = p.id WHEN MATCHED THEN UPDATE SET n = 5 RETURNING c.id) SELECT * FROM x
-- name: with-before-insert
WITH x AS (SELECT 1 AS id) INSERT INTO h.doomed SELECT id FROM x
-- name: select-into
SELECT * INTO h.created_by_into FROM h.canary
-- name: select-into-temp
SELECT * INTO TEMP created_by_into FROM h.canary
-- name: select-into-in-union
SELECT 1 AS a INTO h.created_by_union UNION SELECT 2
-- name: create-table-as
CREATE TABLE h.created_by_ctas AS SELECT 1
-- name: create-temp-table
CREATE TEMP TABLE leftover (i int)
-- name: create-temp-view
CREATE TEMP VIEW canary AS SELECT 1 AS fake
-- name: for-update
SELECT * FROM h.canary FOR UPDATE
-- name: for-no-key-update-of
SELECT * FROM h.canary c FOR NO KEY UPDATE OF c SKIP LOCKED
-- name: for-share
SELECT * FROM h.canary FOR SHARE
-- name: for-key-share-nowait
SELECT * FROM h.canary FOR KEY SHARE NOWAIT
-- name: for-update-in-subquery
SELECT * FROM (SELECT * FROM h.canary FOR UPDATE) s
-- name: for-update-in-cte
WITH x AS (SELECT * FROM h.canary FOR UPDATE) SELECT count(*) FROM x
-- name: for-update-in-expression
SELECT 1 WHERE EXISTS (SELECT 1 FROM h.canary FOR UPDATE)
-- name: lock-table
LOCK TABLE h.plains IN ACCESS EXCLUSIVE MODE; INSERT INTO h.doomed VALUES (1)
-- name: begin-lock
BEGIN; LOCK TABLE h.plains IN EXCLUSIVE MODE
-- name: begin
BEGIN
-- name: start-transaction-read-write
START TRANSACTION READ WRITE
-- name: commit-then-write
COMMIT; DELETE FROM h.canary
-- name: rollback-then-write
ROLLBACK; DELETE FROM h.canary WHERE id = 1
-- name: end-then-write
SELECT 1; END; UPDATE h.canary SET n = 7
-- name: abort-then-write
ABORT; INSERT INTO h.doomed VALUES (2)
-- name: set-transaction-read-write
BEGIN; SET TRANSACTION READ WRITE; UPDATE h.canary SET n = 8; COMMIT
-- name: prepare-transaction
-- as: superuser
BEGIN; INSERT INTO h.doomed VALUES (1); PREPARE TRANSACTION 'canary'
-- name: prepare-transaction-left
BEGIN; SELECT h.mark(); PREPARE TRANSACTION 'left'
-- name: savepoint
BEGIN; SAVEPOINT a; INSERT INTO h.doomed VALUES (1); RELEASE a; COMMIT
-- name: set-session
SET work_mem = '123kB'
-- name: set-session-characteristics
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; SET application_name = 'x'; SET default_transaction_read_only = off; SET work_mem = '77kB'
-- name: set-search-path
SET search_path = h
-- name: set-custom
SET canary.leftover = 'here'
-- name: set-standard-conforming-strings
SET standard_conforming_strings = off
-- name: set-role
-- as: superuser
SET ROLE {{plain}}
-- name: set-session-authorization
-- as: superuser
SET SESSION AUTHORIZATION {{plain}}
-- name: set-time-zone
SET TIME ZONE 'Pacific/Apia'
-- name: set-timeout-off
SET statement_timeout = 0
-- name: reset-all-and-set
RESET ALL; SET seq_page_cost = 9
-- name: discard-then-set
SET enable_seqscan = off; SELECT 1
-- name: prepare
PREPARE leftover AS SELECT 1
-- name: prepare-write-execute
PREPARE w AS DELETE FROM h.canary; EXECUTE w
-- name: declare-hold
DECLARE leftover CURSOR WITH HOLD FOR SELECT 1
-- name: listen
LISTEN leftover
-- name: notify
NOTIFY canary, 'statement'
-- name: do
DO $$ BEGIN PERFORM h.mark(); END $$
-- name: do-dynamic
DO $$ BEGIN EXECUTE 'DEL' || 'ETE FROM h.canary'; END $$
-- name: call
CALL h.proc()
-- name: call-commit
CALL h.proc_commit()
-- name: copy-from-program
-- as: superuser
COPY h.doomed FROM PROGRAM 'echo 1; touch {{canary}}/from_program'
-- name: copy-to-program
-- as: superuser
COPY h.canary TO PROGRAM 'cat > {{canary}}/to_program'
-- name: copy-query-to-program
-- as: superuser
COPY (SELECT 1) TO PROGRAM 'touch {{canary}}/query_to_program'
-- name: copy-to-file
-- as: superuser
COPY h.canary TO '{{canary}}/copied'
-- name: copy-delete-returning
COPY (DELETE FROM h.canary RETURNING id) TO STDOUT
-- name: copy-query-with-function
COPY (SELECT h.mark()) TO STDOUT
-- name: create-function
CREATE FUNCTION h.created() RETURNS int LANGUAGE sql AS 'SELECT 1'
-- name: create-view
CREATE VIEW h.created_view AS SELECT 1
-- name: create-schema
CREATE SCHEMA created
-- name: create-schema-with-elements
CREATE SCHEMA created_with CREATE TABLE t (i int)
-- name: create-sequence
CREATE SEQUENCE h.created_seq
-- name: create-type
CREATE TYPE h.created_type AS ENUM ('a')
-- name: create-rule
CREATE RULE r AS ON SELECT TO h.plains DO INSTEAD SELECT 1 AS id, 'x'::text AS t; SELECT h.mark()
-- name: create-index
CREATE INDEX ON h.plains (t)
-- name: create-role
-- as: superuser
CREATE ROLE created_role; DROP ROLE created_role
-- name: create-database
-- as: superuser
CREATE DATABASE corpus_created
-- name: drop-database
-- as: superuser
DROP DATABASE IF EXISTS corpus_created
-- name: create-extension
-- as: superuser
CREATE EXTENSION IF NOT EXISTS moddatetime SCHEMA ext
-- name: create-event-trigger
-- as: superuser
CREATE FUNCTION h.event_trigger() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$
-- name: alter-system
-- as: superuser
ALTER SYSTEM SET log_min_duration_statement = 12345
-- name: alter-system-reset
-- as: superuser
ALTER SYSTEM RESET log_min_duration_statement
-- name: alter-role-set
ALTER ROLE CURRENT_USER SET work_mem = '99kB'
-- name: alter-role-reset
ALTER ROLE CURRENT_USER RESET ALL
-- name: alter-database-set
-- as: superuser
ALTER DATABASE {{database}} SET geqo = off
-- name: alter-table
ALTER TABLE h.plains ADD COLUMN IF NOT EXISTS extra int
-- name: comment
COMMENT ON TABLE h.plains IS 'x'
-- name: grant
GRANT SELECT ON h.plains TO PUBLIC
-- name: revoke
REVOKE TRUNCATE ON h.plains FROM PUBLIC
-- name: drop-table
DROP TABLE IF EXISTS h.never, h.created_by_into; CREATE TABLE h.never (i int)
-- name: vacuum
-- as: superuser
VACUUM h.canary_brin
-- name: vacuum-full
VACUUM FULL h.plains
-- name: analyze
ANALYZE h.plains
-- name: cluster
CLUSTER h.plains USING plains_pkey
-- name: reindex
REINDEX TABLE h.plains
-- name: checkpoint
-- as: superuser
-- min: 15
CHECKPOINT
-- name: load
-- as: superuser
LOAD 'auto_explain'
-- name: refresh
REFRESH MATERIALIZED VIEW h.doomed_matview
-- name: create-statistics
CREATE STATISTICS h.created_statistics ON id, t FROM h.plains
-- name: create-domain
CREATE DOMAIN h.created_domain AS int
-- name: create-publication
-- as: superuser
CREATE PUBLICATION created_publication
-- name: create-foreign-server
-- as: superuser
CREATE SERVER created_server FOREIGN DATA WRAPPER file_fdw
-- name: alter-default-privileges
ALTER DEFAULT PRIVILEGES IN SCHEMA h GRANT SELECT ON TABLES TO PUBLIC
-- name: reassign-owned
-- as: superuser
REASSIGN OWNED BY {{plain}} TO {{plain}}; SELECT h.mark()
-- name: explain-analyze-insert
EXPLAIN ANALYZE INSERT INTO h.doomed VALUES (1)
-- name: explain-analyze-delete-options
EXPLAIN (ANALYZE true, COSTS off) DELETE FROM h.canary
-- name: explain-analyze-off-then-on
EXPLAIN (ANALYZE off, ANALYZE on) DELETE FROM h.canary
-- name: explain-analyze-number
EXPLAIN (ANALYZE 1) UPDATE h.canary SET n = 3
-- name: explain-analyze-text
EXPLAIN (ANALYZE 'on', FORMAT json) UPDATE h.canary SET n = 3
-- name: explain-analyze-quoted-option
EXPLAIN ("analyze") UPDATE h.canary SET n = 3
-- name: explain-analyze-create-table
EXPLAIN ANALYZE CREATE TABLE h.created_by_explain AS SELECT 1
-- name: explain-analyze-with-insert
EXPLAIN ANALYZE WITH x AS (INSERT INTO h.doomed VALUES (1) RETURNING id) SELECT * FROM x
-- name: explain-analyze-execute
PREPARE e AS DELETE FROM h.canary; EXPLAIN ANALYZE EXECUTE e
-- name: explain-analyze-merge
-- min: 15
EXPLAIN ANALYZE MERGE INTO h.canary c USING h.plains p ON c.id = p.id WHEN MATCHED THEN DELETE
-- name: explain-analyze-refresh
EXPLAIN ANALYZE SELECT * FROM h.canary FOR UPDATE
-- name: explain-analyze-serialize
-- min: 17
EXPLAIN (ANALYZE, SERIALIZE text) SELECT h.mark()
-- name: two-statements
SELECT 1; SELECT h.mark()
-- name: two-statements-comment
SELECT 1 /* ; */ ; -- the end
SELECT h.mark()
-- name: semicolon-in-dollar-quote
SELECT $a$;$a$; DELETE FROM h.canary; SELECT $a$;$a$
-- name: semicolon-in-tagged-quote
SELECT $é$ $$ $é$; SELECT h.mark()
-- name: nested-comment
SELECT 1 /* /* */ SELECT 2 */; SELECT h.mark()
-- name: line-comment-carriage-return
SELECT 1; -- comment
 SELECT h.mark()
-- name: escape-string-trick
SELECT E'\'', ' ; '; SELECT h.mark(); SELECT ''
-- name: unicode-escape-trick
SELECT U&'\0027', ';' ; SELECT h.mark()
-- name: unicode-uescape-trick
SELECT U&'!0027;' UESCAPE '!' ; SELECT h.mark()
-- name: bit-string-trick
SELECT B'0', X'1F' ; SELECT h.mark()
-- name: continued-string-trick
SELECT 'a'
'b;' ; SELECT h.mark()
-- name: leading-semicolons
;;; SELECT 1; ;; SELECT h.mark();
-- name: leading-comment-delete
/* SELECT */ DELETE FROM h.canary
-- name: parenthesised-into
(SELECT 1 AS a INTO h.created_by_parens)
-- name: begin-atomic-split
CREATE FUNCTION h.atomic_created() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1; SELECT 2'
-- name: table-then-truncate
TABLE h.canary; TRUNCATE h.doomed
-- name: values-then-drop
VALUES (1); DROP TABLE IF EXISTS h.none; SELECT h.mark()
-- name: import-foreign-schema
-- as: superuser
CREATE FOREIGN DATA WRAPPER created_wrapper
-- name: copy-from-file
-- as: superuser
CREATE TABLE h.copied (t text); COPY h.copied FROM '{{canary}}/secret.txt'
