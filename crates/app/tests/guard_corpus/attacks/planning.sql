-- Functions that planning runs although no query names them: mislabelled IMMUTABLE ones with constant arguments in indexes,
-- constraints, statistics, partition bounds, defaults, policies, generated columns.

-- setup: tables
CREATE FUNCTION h.plan_mark(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN $1; END $$;
CREATE FUNCTION h.plan_true(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN true; END $$;
CREATE FUNCTION h.innocuous(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2';
CREATE TABLE h.pi_expression (a int, b text);
INSERT INTO h.pi_expression SELECT i, 'x' FROM generate_series(1, 10) i;
CREATE INDEX ON h.pi_expression (h.innocuous(a, h.plan_mark(1)));
CREATE TABLE h.pi_predicate (a int, b text);
INSERT INTO h.pi_predicate SELECT i, 'x' FROM generate_series(1, 10) i;
CREATE INDEX ON h.pi_predicate (a) WHERE a > h.plan_mark(1);
CREATE TABLE h.pi_unique (a int, b text);
CREATE UNIQUE INDEX ON h.pi_unique ((a + h.plan_mark(0)));
CREATE TABLE h.pi_exclusion (a int, EXCLUDE USING btree ((a + h.plan_mark(0)) WITH =));
CREATE TABLE h.pc_check (a int CHECK (a > h.plan_mark(0)), b text);
CREATE TABLE h.pc_parent (a int, b text);
CREATE TABLE h.pc_child (CHECK (a > h.plan_mark(0))) INHERITS (h.pc_parent);
INSERT INTO h.pc_child VALUES (1, 'x');
CREATE TABLE h.pp_list (a int, b text) PARTITION BY LIST (a);
CREATE TABLE h.pp_list_1 PARTITION OF h.pp_list (CHECK (a > h.plan_mark(0))) FOR VALUES IN (1);
CREATE TABLE h.pp_list_2 PARTITION OF h.pp_list FOR VALUES IN (2);
CREATE INDEX ON h.pp_list_2 ((a + h.plan_mark(7)));
INSERT INTO h.pp_list VALUES (1, 'x'), (2, 'y');
CREATE TABLE h.pp_key (a int, b text) PARTITION BY RANGE (h.innocuous(a, h.plan_mark(1)));
CREATE TABLE h.pp_key_1 PARTITION OF h.pp_key FOR VALUES FROM (0) TO (100);
CREATE TABLE h.pp_nested (a int, b int) PARTITION BY LIST (a);
CREATE TABLE h.pp_nested_1 PARTITION OF h.pp_nested FOR VALUES IN (1) PARTITION BY RANGE (b);
CREATE TABLE h.pp_nested_1_1 PARTITION OF h.pp_nested_1 FOR VALUES FROM (0) TO (10);
CREATE INDEX ON h.pp_nested_1_1 ((b + h.plan_mark(1)));
CREATE TABLE h.pd_default (a int DEFAULT h.plan_mark(3), b text);
CREATE TABLE h.pg_generated (a int, b int GENERATED ALWAYS AS (a + h.plan_mark(2)) STORED);
CREATE TABLE h.pr_policy (a int, b text);
INSERT INTO h.pr_policy VALUES (1, 'x');
ALTER TABLE h.pr_policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE h.pr_policy OWNER TO {{plain}};
ALTER TABLE h.pr_policy FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON h.pr_policy USING (h.mark(a) > 0);
CREATE TABLE h.pr_policy_plain (a int);
INSERT INTO h.pr_policy_plain VALUES (1);
ALTER TABLE h.pr_policy_plain ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON h.pr_policy_plain FOR SELECT TO {{plain}} USING (a IN (SELECT h.mark(1)));
CREATE TABLE h.pr_policy_through_view (a int);
INSERT INTO h.pr_policy_through_view VALUES (1);
ALTER TABLE h.pr_policy_through_view ENABLE ROW LEVEL SECURITY;
CREATE VIEW h.pr_view_in_policy AS SELECT h.mark(1) AS a;
CREATE POLICY p ON h.pr_policy_through_view USING (a IN (SELECT v.a FROM h.pr_view_in_policy v));
CREATE TABLE h.pr_owned_by_plain (a int);
INSERT INTO h.pr_owned_by_plain VALUES (1);
ALTER TABLE h.pr_owned_by_plain ENABLE ROW LEVEL SECURITY;
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'corpus_middleman') THEN CREATE ROLE corpus_middleman; END IF; END $$;
GRANT ALL ON SCHEMA h TO corpus_middleman;
GRANT ALL ON h.pr_owned_by_plain TO corpus_middleman;
CREATE POLICY p ON h.pr_owned_by_plain USING (h.mark(a) > 0);
CREATE VIEW h.pr_view_of_middleman AS SELECT a FROM h.pr_owned_by_plain;
ALTER VIEW h.pr_view_of_middleman OWNER TO corpus_middleman;
CREATE TABLE h.ps_statistics (a int, b int);
INSERT INTO h.ps_statistics SELECT i % 10, i % 7 FROM generate_series(1, 1000) i;
CREATE VIEW h.v_over_index AS SELECT a FROM h.pi_expression;
CREATE FUNCTION h.reads_indexed() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM h.pi_expression WHERE a = 3';
CREATE FUNCTION h.reads_indexed_plpgsql() RETURNS bigint LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT count(*) FROM h.pi_expression WHERE a = 3); END';
CREATE MATERIALIZED VIEW h.mv_indexed AS SELECT i AS a FROM generate_series(1, 5) i;
CREATE INDEX ON h.mv_indexed ((a + h.plan_mark(1)));
CREATE INDEX ON h.pi_predicate (b) WHERE b IS NOT NULL;
CREATE TABLE h.pi_coalesce (a int);
CREATE INDEX ON h.pi_coalesce (coalesce(a, CASE WHEN h.plan_true(1) THEN 1 END));
-- setup: expression statistics
-- min: 14
CREATE STATISTICS h.ps_expression ON (a + h.plan_mark(1)), b FROM h.ps_statistics;

-- name: index-expression
SELECT * FROM h.pi_expression WHERE a = 1
-- name: index-expression-explain
EXPLAIN SELECT * FROM h.pi_expression WHERE b = 'x'
-- name: index-expression-join
SELECT count(*) FROM h.canary c JOIN h.pi_expression p ON p.a = c.id
-- name: index-expression-in-view
SELECT * FROM h.v_over_index
-- name: index-expression-in-sql-function
SELECT h.reads_indexed()
-- name: index-expression-in-plpgsql-function
SELECT h.reads_indexed_plpgsql()
-- name: index-expression-of-materialized-view
SELECT * FROM h.mv_indexed WHERE a = 2
-- name: index-predicate
SELECT * FROM h.pi_predicate WHERE a = 1
-- name: index-predicate-explain
EXPLAIN SELECT count(*) FROM h.pi_predicate
-- name: index-unique
SELECT * FROM h.pi_unique
-- name: index-exclusion
SELECT * FROM h.pi_exclusion
-- name: index-coalesce
SELECT * FROM h.pi_coalesce
-- name: check-constraint-of-child
SELECT * FROM h.pc_parent WHERE a = 1
-- name: check-constraint-of-partition
SELECT * FROM h.pp_list WHERE b = 'x' AND a = 1
-- name: index-of-partition
SELECT count(*) FROM h.pp_list
-- name: partition-key
SELECT * FROM h.pp_key WHERE a = 1
-- name: nested-partition
SELECT * FROM h.pp_nested
-- name: explain-insert-default
EXPLAIN INSERT INTO h.pd_default (b) VALUES ('x')
-- name: explain-insert-default-values
EXPLAIN INSERT INTO h.pd_default DEFAULT VALUES
-- name: explain-insert-default-keyword
EXPLAIN INSERT INTO h.pd_default VALUES (DEFAULT, 'x')
-- name: explain-update-default
EXPLAIN UPDATE h.pd_default SET a = DEFAULT
-- name: explain-update-indexed
EXPLAIN UPDATE h.pi_expression SET b = 'y' WHERE a = 5
-- name: explain-delete-indexed
EXPLAIN DELETE FROM h.pi_predicate WHERE a = 5
-- name: explain-insert-on-conflict
EXPLAIN INSERT INTO h.pi_unique VALUES (1, 'x') ON CONFLICT ((a + h.plan_mark(0))) DO NOTHING
-- name: explain-insert-select-from-view
EXPLAIN INSERT INTO h.pd_default SELECT a, 'x' FROM h.v_over_index
-- name: explain-with-modifying
EXPLAIN WITH x AS (INSERT INTO h.pd_default (b) VALUES ('z') RETURNING a) SELECT * FROM x
-- name: policy-forced
-- as: plain
SELECT * FROM h.pr_policy
-- name: policy-for-role
-- as: plain
SELECT count(*) FROM h.pr_policy_plain
-- name: policy-with-view
-- as: plain
SELECT * FROM h.pr_policy_through_view
-- name: policy-behind-view-of-another-role
SELECT * FROM h.pr_view_of_middleman
-- name: statistics-expression
-- min: 14
SELECT * FROM h.ps_statistics WHERE a = 1 AND b = 1
-- name: statistics-expression-group
-- min: 14
EXPLAIN SELECT a, b, count(*) FROM h.ps_statistics GROUP BY a, b
-- name: constant-folded-in-where
SELECT 1 FROM h.canary WHERE h.plan_mark(1) = 2
-- name: constant-folded-in-case-explain
EXPLAIN SELECT CASE WHEN h.plan_true(1) THEN 1 END
-- name: constant-folded-in-limit-explain
EXPLAIN SELECT 1 LIMIT h.plan_mark(1)
-- name: constant-folded-estimate-explain
EXPLAIN SELECT * FROM h.canary WHERE id < h.plan_mark(3)
-- name: stable-estimated-by-planner
EXPLAIN SELECT * FROM h.canary WHERE id < h.plan_stable()
-- name: generic-plan
-- min: 16
EXPLAIN (GENERIC_PLAN) SELECT * FROM h.canary WHERE id = $1 + h.plan_mark(1)
-- name: explain-json-verbose
EXPLAIN (FORMAT json, VERBOSE, SETTINGS) SELECT h.plan_mark(1)
-- name: explain-select-rewritten-by-view
EXPLAIN VERBOSE TABLE h.v_plan
-- setup: stable function and view
CREATE FUNCTION h.plan_stable() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN 1; END $$;
CREATE VIEW h.v_plan AS SELECT h.plan_mark(9);
-- setup: updatable view with rules
CREATE TABLE h.ruled (a int);
CREATE RULE also_mark AS ON INSERT TO h.ruled DO ALSO SELECT h.plan_mark(1);
CREATE RULE instead_mark AS ON UPDATE TO h.ruled DO INSTEAD SELECT h.plan_mark(2);
-- name: explain-insert-rule
EXPLAIN INSERT INTO h.ruled VALUES (1)
-- name: explain-update-rule
EXPLAIN UPDATE h.ruled SET a = 1
-- name: explain-insert-check-option-domain
EXPLAIN INSERT INTO h.plan_domain_table VALUES ('7')
-- setup: domain table
CREATE FUNCTION h.plan_check(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN true; END $$;
CREATE DOMAIN h.plan_domain AS text CHECK (h.plan_check(VALUE));
CREATE TABLE h.plan_domain_table (d h.plan_domain);
CREATE TABLE h.plan_domain_default (a int, d h.plan_domain DEFAULT 'q');
-- name: explain-insert-domain-default
EXPLAIN INSERT INTO h.plan_domain_default (a) VALUES (1)
-- setup: views that are written to, children, merges
CREATE TABLE h.pv_table (a int, b text);
CREATE VIEW h.pv_default AS SELECT a, b FROM h.pv_table;
ALTER VIEW h.pv_default ALTER COLUMN a SET DEFAULT h.plan_mark(1);
CREATE VIEW h.pv_checked AS SELECT a, b FROM h.pv_table WHERE h.plan_true(1) WITH CHECK OPTION;
CREATE TABLE h.pe_parent (a int);
CREATE TABLE h.pe_child () INHERITS (h.pe_parent);
CREATE INDEX ON h.pe_child ((a + h.plan_mark(1)));
-- name: explain-insert-default-of-a-view
EXPLAIN INSERT INTO h.pv_default (b) VALUES ('x')
-- name: explain-update-of-a-view
EXPLAIN UPDATE h.pv_checked SET b = 'y'
-- name: explain-update-of-a-parent
EXPLAIN UPDATE h.pe_parent SET a = 2
-- name: explain-merge-default
-- min: 15
EXPLAIN MERGE INTO h.pd_default d USING h.canary c ON d.a = c.id WHEN NOT MATCHED THEN INSERT (b) VALUES ('x')
-- name: explain-merge-condition
-- min: 15
EXPLAIN MERGE INTO h.plains p USING h.canary c ON p.id = c.id WHEN MATCHED AND h.plan_true(1) THEN DELETE
-- name: explain-merge-source
-- min: 15
EXPLAIN MERGE INTO h.plains p USING h.v_over_index v ON p.id = v.a WHEN MATCHED THEN DO NOTHING
-- name: explain-merge-by-source
-- min: 17
EXPLAIN MERGE INTO h.plains p USING h.canary c ON p.id = c.id WHEN NOT MATCHED BY SOURCE AND h.plan_true(1) THEN DELETE
-- name: explain-merge-returning
-- min: 17
EXPLAIN MERGE INTO h.plains p USING h.canary c ON p.id = c.id WHEN MATCHED THEN DELETE RETURNING merge_action(), h.plan_mark(1)
-- name: explain-returning-old
-- min: 18
EXPLAIN UPDATE h.plains SET t = 'x' RETURNING WITH (OLD AS o) o.t, h.plan_mark(2)
-- name: generic-plan-of-constants
-- min: 16
EXPLAIN (GENERIC_PLAN, VERBOSE) SELECT $1::int, h.plan_mark(1)
-- name: generic-plan-then-more
-- min: 16
EXPLAIN (GENERIC_PLAN) SELECT * FROM h.canary WHERE id = $1; DELETE FROM h.canary
