-- Hostile functions behind views, rules and functions that call views.

-- setup: views
CREATE VIEW h.v AS SELECT h.mark() AS m;
CREATE VIEW h.v_of_v AS SELECT * FROM h.v;
CREATE VIEW h.v_deep AS SELECT a.m FROM h.v_of_v a JOIN h.canary c ON c.id = a.m;
CREATE VIEW h.v_where AS SELECT id FROM h.canary WHERE h.mark(id) > 0;
CREATE VIEW h.v_barrier WITH (security_barrier) AS SELECT id FROM h.canary WHERE h.mark(id) > 0;
CREATE VIEW h.v_cte AS WITH x AS (SELECT h.mark() AS m) SELECT m FROM x;
CREATE VIEW h.v_sublink AS SELECT (SELECT h.mark()) AS m;
CREATE VIEW h.v_order AS SELECT id FROM h.canary ORDER BY h.mark(id);
CREATE VIEW h.v_window AS SELECT sum(n) OVER (PARTITION BY h.mark(n)) AS s FROM h.canary;
CREATE VIEW h.v_from AS SELECT * FROM h.mark_rows() AS m;
CREATE VIEW h.v_values AS VALUES (h.mark());
CREATE VIEW h.v_setop AS SELECT 1 AS a UNION SELECT h.mark();
CREATE VIEW h.v_nextval AS SELECT nextval('h.canary_seq') AS n;
CREATE VIEW h.v_set_config AS SELECT set_config('canary.leftover', 'view', false) AS s;
CREATE VIEW h.v_lock AS SELECT pg_try_advisory_lock(77) AS l;
CREATE VIEW h.v_notify AS SELECT 1 AS one FROM pg_notify('canary', 'view');
CREATE VIEW h.v_lateral AS SELECT m FROM h.canary c, LATERAL h.mark(c.id) m;
CREATE VIEW h.v_tablesample AS SELECT id FROM h.canary TABLESAMPLE bernoulli (h.mark() * 100);
CREATE VIEW h.v_query_to_xml AS SELECT query_to_xml('SELECT h.mark()', true, true, '') AS x;
CREATE VIEW public.innocent AS SELECT * FROM h.v_deep;
CREATE VIEW h."V.quoted" AS SELECT h.mark() AS m;
CREATE VIEW h.v_for_update AS SELECT id FROM h.canary FOR UPDATE;
CREATE RECURSIVE VIEW h.v_recursive (i) AS SELECT 1 UNION ALL SELECT i + h.mark() FROM v_recursive WHERE i < 3;
CREATE MATERIALIZED VIEW h.mv AS SELECT 1 AS a;
CREATE TABLE h.rule_view (a int);
CREATE FUNCTION h.reads_view() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(m) FROM h.v';
CREATE FUNCTION h.reads_view_plpgsql() RETURNS bigint LANGUAGE plpgsql AS 'DECLARE n bigint; BEGIN SELECT count(m) INTO n FROM h.v_deep; RETURN n; END';
CREATE VIEW h.v_reads_view AS SELECT h.reads_view() AS r;
CREATE TABLE h.table_with_view_type (v h.v);
CREATE VIEW h.v_chain1 AS SELECT m AS a FROM h.v_of_v;
CREATE VIEW h.v_chain2 AS SELECT a AS b FROM h.v_chain1;
CREATE VIEW h.v_chain3 AS SELECT b AS c FROM h.v_chain2;
CREATE VIEW h.v_chain4 AS SELECT c AS d FROM h.v_chain3;
CREATE VIEW h.v_chain5 AS SELECT d AS e FROM h.v_chain4;
CREATE VIEW h.v_unused_column AS SELECT id, h.mark(id) AS m FROM h.canary;
CREATE VIEW h.v_grouping AS SELECT count(*) FROM h.canary GROUP BY ROLLUP (h.mark(n));
CREATE VIEW h.v_aggregate_filter AS SELECT count(*) FILTER (WHERE h.mark(n) > 0) FROM h.canary;
CREATE VIEW h.v_case AS SELECT CASE WHEN h.mark() = 1 THEN 'a' END AS c;
CREATE VIEW h.v_array AS SELECT ARRAY[h.mark()] AS a;
CREATE VIEW h.v_row AS SELECT ROW(h.mark()) IS NULL AS a;
CREATE VIEW h.v_limit AS SELECT id FROM h.canary LIMIT h.mark();
CREATE VIEW h.v_xmltable AS SELECT * FROM XMLTABLE(('/' || CASE WHEN h.mark() = 1 THEN 'a' END) PASSING xml '<a/>' COLUMNS b int);
-- setup: json views
-- min: 17
CREATE VIEW h.v_json_table AS SELECT * FROM JSON_TABLE('[{}]'::jsonb, '$[*]' COLUMNS (v int PATH '$.x' DEFAULT h.mark() ON EMPTY));
CREATE VIEW h.v_json_object AS SELECT JSON_OBJECT('a': h.mark()) AS j;
-- setup: invoker view
-- min: 15
CREATE VIEW h.v_invoker WITH (security_invoker) AS SELECT h.mark() AS m;

-- name: view
SELECT * FROM h.v
-- name: table-command
TABLE h.v
-- name: view-of-view
SELECT * FROM h.v_of_v
-- name: view-three-deep
SELECT * FROM h.v_deep
-- name: view-in-public
SELECT * FROM innocent
-- name: view-where
SELECT * FROM h.v_where
-- name: view-security-barrier
SELECT count(*) FROM h.v_barrier
-- name: view-cte
SELECT * FROM h.v_cte
-- name: view-sublink
SELECT * FROM h.v_sublink
-- name: view-order
SELECT * FROM h.v_order
-- name: view-window
SELECT * FROM h.v_window
-- name: view-from-function
SELECT * FROM h.v_from
-- name: view-values
SELECT * FROM h.v_values
-- name: view-set-operation
SELECT * FROM h.v_setop
-- name: view-nextval
SELECT * FROM h.v_nextval
-- name: view-set-config
SELECT * FROM h.v_set_config
-- name: view-advisory-lock
SELECT * FROM h.v_lock
-- name: view-notify
SELECT * FROM h.v_notify
-- name: view-lateral
SELECT * FROM h.v_lateral
-- name: view-tablesample
SELECT * FROM h.v_tablesample
-- name: view-query-to-xml
SELECT * FROM h.v_query_to_xml
-- name: view-quoted-name
SELECT * FROM h."V.quoted"
-- name: view-for-update
SELECT * FROM h.v_for_update
-- name: view-recursive
SELECT * FROM h.v_recursive
-- name: view-invoker
-- min: 15
SELECT * FROM h.v_invoker
-- name: view-json-table
-- min: 17
SELECT * FROM h.v_json_table
-- name: view-json-object
-- min: 17
SELECT * FROM h.v_json_object
-- name: function-reads-view
SELECT h.reads_view()
-- name: plpgsql-reads-view
SELECT h.reads_view_plpgsql()
-- name: view-calls-function-that-reads-view
SELECT * FROM h.v_reads_view
-- name: view-chain
SELECT * FROM h.v_chain5
-- name: view-whole-row
SELECT v FROM h.v_unused_column v
-- name: view-whole-row-json
SELECT to_jsonb(v) FROM h.v_unused_column v
-- name: view-grouping
SELECT * FROM h.v_grouping
-- name: view-aggregate-filter
SELECT * FROM h.v_aggregate_filter
-- name: view-case
SELECT * FROM h.v_case
-- name: view-array
SELECT * FROM h.v_array
-- name: view-row
SELECT * FROM h.v_row
-- name: view-limit
SELECT * FROM h.v_limit
-- name: view-xmltable
SELECT * FROM h.v_xmltable
-- name: view-in-exists
SELECT 1 WHERE EXISTS (SELECT m FROM h.v WHERE m = 1)
-- name: view-in-cte-in-in
SELECT 1 WHERE 1 IN (WITH x AS (TABLE h.v) SELECT m FROM x)
-- name: view-join
SELECT c.id FROM h.canary c NATURAL JOIN (SELECT m AS id FROM h.v) v
-- name: view-explain-analyze
EXPLAIN ANALYZE SELECT * FROM h.v_where
-- name: view-lock-rows
SELECT * FROM h.canary c, h.v_for_update v WHERE c.id = v.id
-- name: view-table-to-xml
SELECT table_to_xml('h.v', true, true, '')
-- name: view-name-unicode
SELECT * FROM h.U&"v\005fof\005fv"
-- name: view-alias-columns
SELECT z FROM h.v AS y(z)
-- name: view-parenthesised-join
SELECT * FROM ((h.v CROSS JOIN h.canary))
-- name: view-only
SELECT * FROM ONLY h.v
-- name: view-star-descendants
SELECT * FROM h.v *
