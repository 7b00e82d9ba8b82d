-- One hostile function in every place where the grammar lets a call stand.

-- setup: samples
CREATE TYPE h.pair AS (a int, b text);
CREATE FUNCTION h.mark_pair() RETURNS h.pair LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN (1, 'x')::h.pair; END $$;
CREATE FUNCTION h.mark_variadic(VARIADIC int[]) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.harmless_with_default(a int DEFAULT h.mark()) RETURNS int LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION h.harmless_named(a int, b int DEFAULT h.mark(7), c int DEFAULT 3) RETURNS int LANGUAGE sql AS 'SELECT a + b + c';
CREATE FUNCTION h."Quoted.Name"() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE SCHEMA "h.x";
CREATE FUNCTION "h.x"."mark"() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION h."mark "() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION h."ünïcode"() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION h."SELECT"() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION h.mark_array() RETURNS int[] LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN '{1,2}'; END $$;
CREATE FUNCTION h.mark_json() RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN '{"a": [1]}'; END $$;
CREATE FUNCTION h.mark_text() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'a'; END $$;
CREATE FUNCTION h.mark_xml() RETURNS xml LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN '<a><b>1</b></a>'; END $$;

-- name: select-list
SELECT h.mark()
-- name: from
SELECT * FROM h.mark()
-- name: from-rows-from
SELECT * FROM ROWS FROM (generate_series(1, 2), h.mark_rows()) AS r(a, b)
-- name: from-with-ordinality
SELECT * FROM h.mark_rows() WITH ORDINALITY
-- name: lateral
SELECT * FROM h.canary c, LATERAL h.mark(c.id) m
-- name: lateral-subquery
SELECT * FROM h.canary c CROSS JOIN LATERAL (SELECT h.mark(c.n)) m
-- name: values
VALUES (1), (h.mark())
-- name: values-in-from
SELECT * FROM (VALUES (h.mark()), (2)) v(a)
-- name: nested-tuple
SELECT ((1, (2, (3, h.mark()))))
-- name: nested-row-constructor
SELECT ROW(1, ROW(2, ROW(h.mark(), 3)))
-- name: row-comparison
SELECT (1, h.mark()) < (1, 2)
-- name: row-in-list
SELECT (1, 2) IN ((1, 3), (1, h.mark()))
-- name: row-in-subquery
SELECT (1, 2) IN (SELECT 1, h.mark())
-- name: array-constructor
SELECT ARRAY[[1, 2], [3, h.mark()]]
-- name: array-subquery
SELECT ARRAY(SELECT h.mark())
-- name: array-subscript
SELECT ('{1,2}'::int[])[h.mark()]
-- name: array-slice
SELECT ('{1,2}'::int[])[1:h.mark()]
-- name: jsonb-subscript
-- min: 14
SELECT ('{"a": 1}'::jsonb)[h.mark_text()]
-- name: function-argument
SELECT abs(length(repeat('a', h.mark())))
-- name: named-argument
SELECT make_interval(days => h.mark())
-- name: old-named-argument
SELECT make_interval(days := h.mark())
-- name: variadic-argument
SELECT concat_ws(',', VARIADIC ARRAY[h.mark()::text])
-- name: variadic-function
SELECT h.mark_variadic(1, 2, 3)
-- name: variadic-function-array
SELECT h.mark_variadic(VARIADIC ARRAY[1, 2])
-- name: default-argument
SELECT h.harmless_with_default()
-- name: default-argument-named
SELECT h.harmless_named(1, c => 4)
-- name: where
SELECT 1 FROM h.canary WHERE h.mark(id) = 2
-- name: where-exists
SELECT 1 WHERE EXISTS (SELECT h.mark_rows() LIMIT 1)
-- name: scalar-subquery
SELECT (SELECT (SELECT h.mark()))
-- name: group-by
SELECT count(*) FROM h.canary GROUP BY h.mark(n)
-- name: grouping-sets
SELECT count(*) FROM h.canary GROUP BY GROUPING SETS ((h.mark(n)), ())
-- name: cube
SELECT count(*) FROM h.canary GROUP BY CUBE (n, h.mark(id))
-- name: having
SELECT n FROM h.canary GROUP BY n HAVING h.mark(n) >= 0
-- name: order-by
SELECT id FROM h.canary ORDER BY h.mark(id)
-- name: distinct-on
SELECT DISTINCT ON (h.mark(n)) id FROM h.canary
-- name: limit
SELECT 1 LIMIT h.mark()
-- name: offset
SELECT 1 OFFSET h.mark()
-- name: fetch-first
SELECT 1 FROM h.canary FETCH FIRST (h.mark()) ROWS ONLY
-- name: fetch-with-ties
SELECT id FROM h.canary ORDER BY id FETCH FIRST (h.mark()) ROWS WITH TIES
-- name: window-partition
SELECT sum(n) OVER (PARTITION BY h.mark(n)) FROM h.canary
-- name: window-order
SELECT sum(n) OVER (ORDER BY h.mark(n)) FROM h.canary
-- name: window-frame-offset
SELECT sum(n) OVER (ORDER BY id ROWS BETWEEN h.mark() PRECEDING AND CURRENT ROW) FROM h.canary
-- name: window-range-offset
SELECT sum(n) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND h.mark() FOLLOWING) FROM h.canary
-- name: window-clause
SELECT sum(n) OVER w FROM h.canary WINDOW w AS (PARTITION BY h.mark(n))
-- name: aggregate-argument
SELECT sum(h.mark(n)) FROM h.canary
-- name: aggregate-filter
SELECT count(*) FILTER (WHERE h.mark(n) > 0) FROM h.canary
-- name: aggregate-order
SELECT array_agg(n ORDER BY h.mark(n)) FROM h.canary
-- name: within-group
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY h.mark(n)) FROM h.canary
-- name: within-group-direct
SELECT percentile_disc(h.mark()::float8 / 2) WITHIN GROUP (ORDER BY n) FROM h.canary
-- name: join-on
SELECT 1 FROM h.canary a JOIN h.canary b ON h.mark(a.id) = b.id
-- name: left-join-on
SELECT b.n FROM h.canary a LEFT JOIN h.canary b ON a.id = b.id AND h.mark(b.id) > 0
-- name: cte
WITH x AS (SELECT h.mark()) SELECT * FROM x
-- name: cte-materialized
WITH x AS MATERIALIZED (SELECT h.mark() AS m) SELECT m FROM x
-- name: recursive-cte
WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i + h.mark() FROM x WHERE i < 3) SELECT * FROM x
-- name: recursive-search
-- min: 14
WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT h.mark(i + 1) FROM x WHERE i < 3) SEARCH DEPTH FIRST BY i SET o SELECT * FROM x
-- name: nested-cte
SELECT * FROM (WITH a AS (WITH b AS (SELECT h.mark()) TABLE b) TABLE a) s
-- name: union
SELECT 1 UNION SELECT h.mark()
-- name: intersect
SELECT 1 INTERSECT (SELECT h.mark() EXCEPT SELECT 2)
-- name: case-when
SELECT CASE WHEN h.mark() = 1 THEN 2 END
-- name: case-operand
SELECT CASE h.mark() WHEN 1 THEN 2 END
-- name: case-result
SELECT CASE WHEN true THEN h.mark() ELSE 1 END
-- name: coalesce
SELECT coalesce(NULL, h.mark())
-- name: nullif
SELECT nullif(h.mark(), 2)
-- name: greatest
SELECT greatest(1, h.mark())
-- name: between
SELECT 1 BETWEEN 0 AND h.mark()
-- name: in-list
SELECT 1 IN (2, 3, h.mark())
-- name: any-array
SELECT 1 = ANY (ARRAY[2, h.mark()])
-- name: all-subquery
SELECT 1 >= ALL (SELECT h.mark())
-- name: is-distinct-from
SELECT 1 IS DISTINCT FROM h.mark()
-- name: is-null
SELECT h.mark() IS NULL
-- name: is-true
SELECT h.mark_true(1) IS TRUE
-- name: not
SELECT NOT h.mark_true(clock_timestamp())
-- name: boolean-operand
SELECT true AND h.mark_true(clock_timestamp())
-- name: like
SELECT 'a' LIKE h.mark_text()
-- name: like-escape
SELECT 'a' LIKE 'b' ESCAPE h.mark_text()
-- name: similar-to
SELECT 'a' SIMILAR TO h.mark_text()
-- name: operator-operand
SELECT 1 + 2 * -h.mark()
-- name: at-time-zone
SELECT now() AT TIME ZONE ('UTC' || CASE WHEN h.mark() = 1 THEN '' END)
-- name: collate
SELECT h.mark_text() COLLATE "C"
-- name: cast
SELECT CAST(h.mark() AS text)
-- name: cast-suffix
SELECT h.mark()::numeric(10, 2)
-- name: field-selection
SELECT (h.mark_pair()).a
-- name: field-star
SELECT (h.mark_pair()).*
-- name: extract
SELECT extract(epoch FROM make_interval(h.mark()))
-- name: position
SELECT position(h.mark_text() IN 'abc')
-- name: substring
SELECT substring('abc' FROM h.mark() FOR 1)
-- name: overlay
SELECT overlay('abc' PLACING h.mark_text() FROM 1)
-- name: trim
SELECT trim(BOTH h.mark_text() FROM 'aba')
-- name: normalize
SELECT normalize(h.mark_text())
-- name: xmlelement
SELECT xmlelement(name a, h.mark())
-- name: xmlattributes
SELECT xmlelement(name a, xmlattributes(h.mark() AS b))
-- name: xmlforest
SELECT xmlforest(h.mark() AS a)
-- name: xmlconcat
SELECT xmlconcat(h.mark_xml())
-- name: xmlserialize
SELECT xmlserialize(content h.mark_xml() AS text)
-- name: xmlparse
SELECT xmlparse(content h.mark_text())
-- name: xmlpi
SELECT xmlpi(name a, h.mark_text())
-- name: xmlroot
SELECT xmlroot(h.mark_xml(), version h.mark_text())
-- name: xmlexists
SELECT xmlexists('//a' PASSING h.mark_xml())
-- name: is-document
SELECT h.mark_xml() IS DOCUMENT
-- name: xmlagg
SELECT xmlagg(h.mark_xml()) FROM h.canary
-- name: xmltable-document
SELECT * FROM XMLTABLE('/a/b' PASSING h.mark_xml() COLUMNS b int PATH '.')
-- name: xmltable-path
SELECT * FROM XMLTABLE('/a' PASSING xml '<a/>' COLUMNS b text PATH '@x' DEFAULT h.mark_text())
-- name: xmltable-row
SELECT * FROM XMLTABLE(('/' || h.mark_text()) PASSING xml '<a><b>1</b></a>' COLUMNS b int)
-- name: xmltable-namespace
SELECT * FROM XMLTABLE(XMLNAMESPACES(h.mark_text() AS x), '/a' PASSING xml '<a/>' COLUMNS b int)
-- name: json-object
-- min: 16
SELECT JSON_OBJECT('a': h.mark())
-- name: json-object-key
-- min: 16
SELECT JSON_OBJECT(h.mark_text(): 1 RETURNING jsonb)
-- name: json-array
-- min: 16
SELECT JSON_ARRAY(1, h.mark())
-- name: json-array-query
-- min: 16
SELECT JSON_ARRAY(SELECT h.mark())
-- name: json-arrayagg
-- min: 16
SELECT JSON_ARRAYAGG(h.mark(n) ORDER BY n) FROM h.canary
-- name: json-objectagg
-- min: 16
SELECT JSON_OBJECTAGG(id: h.mark(n)) FROM h.canary
-- name: is-json
-- min: 16
SELECT h.mark_text() IS JSON
-- name: json-value
-- min: 17
SELECT JSON_VALUE(h.mark_json(), '$.a[0]')
-- name: json-query-passing
-- min: 17
SELECT JSON_QUERY('{"a": [1]}'::jsonb, '$.a[$i]' PASSING h.mark() AS i)
-- name: json-value-default
-- min: 17
SELECT JSON_VALUE('{}'::jsonb, '$.a' RETURNING int DEFAULT h.mark() ON EMPTY)
-- name: json-exists
-- min: 17
SELECT JSON_EXISTS(h.mark_json(), '$.a')
-- name: json-scalar
-- min: 17
SELECT JSON_SCALAR(h.mark())
-- name: json-serialize
-- min: 17
SELECT JSON_SERIALIZE(h.mark_json())
-- name: json-constructor
-- min: 17
SELECT JSON(h.mark_text() || '1') FROM h.mark()
-- name: json-table
-- min: 17
SELECT * FROM JSON_TABLE(h.mark_json(), '$.a[*]' COLUMNS (v int PATH '$'))
-- name: json-table-passing
-- min: 17
SELECT * FROM JSON_TABLE('[1]'::jsonb, '$[*]' PASSING h.mark() AS x COLUMNS (v int PATH '$'))
-- name: json-table-default
-- min: 17
SELECT * FROM JSON_TABLE('[{}]'::jsonb, '$[*]' COLUMNS (v int PATH '$.x' DEFAULT h.mark() ON EMPTY))
-- name: json-table-nested
-- min: 17
SELECT * FROM JSON_TABLE('[{"b": [{}]}]'::jsonb, '$[*]' COLUMNS (NESTED PATH '$.b[*]' COLUMNS (v int PATH '$.x' DEFAULT h.mark(3) ON EMPTY)))
-- name: tablesample-argument
SELECT * FROM h.canary TABLESAMPLE bernoulli (h.mark() * 10)
-- name: tablesample-repeatable
SELECT * FROM h.canary TABLESAMPLE system (50) REPEATABLE (h.mark())
-- name: explain
EXPLAIN SELECT h.mark_immutable(1)
-- name: explain-analyze
EXPLAIN ANALYZE SELECT h.mark()
-- name: explain-analyze-values
EXPLAIN (ANALYZE, TIMING off) VALUES (h.mark())
-- name: explain-insert-immutable
EXPLAIN INSERT INTO h.plains VALUES (h.mark_immutable(5), 'x')
-- name: explain-update-immutable
EXPLAIN UPDATE h.plains SET t = 'x' WHERE id = h.mark_immutable(1)
-- name: explain-delete-stable-estimate
EXPLAIN DELETE FROM h.plains WHERE id = h.mark_immutable(3)
-- name: explain-merge-immutable
-- min: 15
EXPLAIN MERGE INTO h.plains p USING h.canary c ON c.id = p.id AND c.n = h.mark_immutable(1) WHEN MATCHED THEN DO NOTHING
-- name: explain-declare
EXPLAIN DECLARE c CURSOR FOR SELECT h.mark_immutable(1)
-- name: explain-create-table
EXPLAIN CREATE TABLE h.explained AS SELECT h.mark_immutable(1)
-- name: quoted-dot-name
SELECT h."Quoted.Name"()
-- name: schema-with-dot
SELECT "h.x".mark()
-- name: quoted-space-name
SELECT h."mark "()
-- name: unicode-name
SELECT h."ünïcode"()
-- name: unicode-unquoted-name
SELECT h.ünïcode()
-- name: unicode-escape-name
SELECT U&"h".U&"m\0061rk"()
-- name: unicode-uescape-name
SELECT h.U&"m!0061rk" UESCAPE '!' ()
-- name: keyword-name
SELECT h."SELECT"()
-- name: case-folded-name
SELECT H.MaRk()
-- name: comment-inside-name
SELECT h /* a */ . -- b
 mark /* c */ ( /* d */ )
-- name: database-qualified
SELECT {{database}}.h.mark()
-- name: full-width-spaces
SELECT	h.mark	(	)
-- name: order-by-alias-of-call
SELECT h.mark() AS a ORDER BY a
-- name: table-function-columns
SELECT a.* FROM h.mark_pair() AS a(x, y)
-- name: unnest-call
SELECT unnest(h.mark_array())
-- name: set-returning-in-select
SELECT h.mark_rows(), generate_series(1, 2)
-- name: from-json-each
SELECT * FROM jsonb_each(h.mark_json())
-- name: interval-typmod
SELECT 1 WHERE interval '1 day' * h.mark() > interval '0'
-- name: parenthesised
SELECT (((((((((h.mark())))))))))
-- name: long-list
SELECT {{repeat 500 1,}} h.mark()
-- name: deep-nesting
SELECT {{repeat 60 (}}h.mark(){{repeat 60 )}}
-- name: correlated
SELECT (SELECT h.mark(c.id)) FROM h.canary c
-- name: whole-row-argument
SELECT h.mark(c) FROM h.canary c
-- name: overlaps
SELECT (date '2020-01-01', make_interval(days => h.mark())) OVERLAPS (date '2020-01-01', interval '1 day')
-- name: current-of-alias
SELECT current_date + h.mark()
-- name: json-passing
-- min: 17
SELECT JSON_VALUE(jsonb '1', '$x' PASSING h.mark() AS x)
-- name: json-default
-- min: 17
SELECT JSON_VALUE(jsonb '{}', '$.x' RETURNING int DEFAULT h.mark() ON EMPTY)
-- name: json-computed-path
-- min: 17
SELECT JSON_EXISTS(jsonb '{}', ('$.' || h.mark_text())::jsonpath)
-- name: json-context
-- min: 17
SELECT JSON_QUERY(h.mark_json()::jsonb, '$')
