-- Types: casts, domains, ranges, composites, enum traps, type-named functions, column notation.

-- setup: domains
CREATE FUNCTION h.check_it(anyelement) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE DOMAIN h.d_int AS int CHECK (h.check_it(VALUE));
CREATE DOMAIN h.d_text AS text CHECK (h.check_it(VALUE));
CREATE DOMAIN h.d_nested AS h.d_int;
CREATE DOMAIN h.d_array AS int[] CHECK (h.check_it(VALUE));
CREATE DOMAIN h.d_json AS jsonb CHECK (h.check_it(VALUE));
CREATE TYPE h.with_domain AS (a h.d_int, b text);
CREATE TYPE h.with_array_of_domain AS (a h.d_int[]);
CREATE TYPE h.outer_composite AS (inner_one h.with_domain, t text);
CREATE DOMAIN h.d_composite AS h.with_domain;
CREATE TABLE h.domain_table (a h.d_int, t text);
CREATE TYPE h.d_range AS RANGE (SUBTYPE = h.d_int);
CREATE FUNCTION h.to_d(int) RETURNS h.d_int LANGUAGE sql AS 'SELECT $1::h.d_int';
CREATE VIEW h.v_domain AS SELECT id::h.d_int AS d FROM h.canary;
CREATE DOMAIN public.integer_ AS int CHECK (h.check_it(VALUE));
CREATE DOMAIN h."int" AS pg_catalog.int4 CHECK (h.check_it(VALUE));
CREATE DOMAIN h."Weird.Type" AS text CHECK (h.check_it(VALUE));
CREATE TABLE h.domain_rows (a h.d_int, t text);
INSERT INTO h.domain_rows VALUES (NULL, 'x');
CREATE FUNCTION h.populate_step(anyelement, anyelement, ext.hstore) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $2 OPERATOR(ext.#=) $3';
CREATE AGGREGATE h.populate(anyelement, ext.hstore) (SFUNC = h.populate_step, STYPE = anyelement);
-- setup: casts
CREATE TYPE h.castable AS (x int);
CREATE TYPE h.target AS (y int);
CREATE FUNCTION h.cast_text(h.castable) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION h.cast_json(h.castable) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN '{"x": 1}'; END $$;
CREATE FUNCTION h.cast_int(h.castable) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.cast_from_int(int) RETURNS h.castable LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN ROW(1)::h.castable; END $$;
CREATE FUNCTION h.cast_target(h.castable) RETURNS h.target LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN ROW(1)::h.target; END $$;
CREATE CAST (h.castable AS text) WITH FUNCTION h.cast_text(h.castable) AS IMPLICIT;
CREATE CAST (h.castable AS json) WITH FUNCTION h.cast_json(h.castable);
CREATE CAST (h.castable AS int) WITH FUNCTION h.cast_int(h.castable) AS IMPLICIT;
CREATE CAST (int AS h.castable) WITH FUNCTION h.cast_from_int(int);
CREATE CAST (h.castable AS h.target) WITH FUNCTION h.cast_target(h.castable) AS ASSIGNMENT;
CREATE TABLE h.casts (c h.castable);
INSERT INTO h.casts VALUES (ROW(1)), (ROW(2));
CREATE VIEW h.v_cast AS SELECT c::text AS t FROM h.casts;
CREATE FUNCTION h.takes_target(h.target) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION h.takes_text(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
-- setup: json casts
CREATE TYPE h.jenum AS ENUM ('a', 'b');
CREATE FUNCTION h.jenum_json(h.jenum) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN '{"x": 1}'; END $$;
CREATE CAST (h.jenum AS json) WITH FUNCTION h.jenum_json(h.jenum);
CREATE TABLE h.jenums (c h.jenum);
INSERT INTO h.jenums VALUES ('a');
CREATE VIEW h.v_jenums AS SELECT to_json(j) AS j FROM h.jenums j;
CREATE FUNCTION h.plpgsql_json() RETURNS json LANGUAGE plpgsql AS $$ BEGIN RETURN to_json((SELECT c FROM h.jenums)); END $$;
-- setup: ranges
CREATE FUNCTION h.subdiff(float8, float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN $1 - $2; END $$;
CREATE TYPE h.diff_range AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = h.subdiff);
CREATE TABLE h.diffs (r h.diff_range);
CREATE TYPE h.rt AS (x int);
CREATE FUNCTION h.rt_cmp(h.rt, h.rt) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN ($1).x - ($2).x; END $$;
CREATE FUNCTION h.rt_lt(h.rt, h.rt) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x < ($2).x';
CREATE OPERATOR h.<@! (LEFTARG = h.rt, RIGHTARG = h.rt, FUNCTION = h.rt_lt);
CREATE OPERATOR CLASS h.rt_ops FOR TYPE h.rt USING btree AS OPERATOR 1 h.<@!, FUNCTION 1 h.rt_cmp(h.rt, h.rt);
CREATE TYPE h.rt_range AS RANGE (SUBTYPE = h.rt, SUBTYPE_OPCLASS = h.rt_ops);
-- setup: column notation
CREATE TABLE h.noted (id int, t text);
INSERT INTO h.noted VALUES (1, 'a');
CREATE FUNCTION h.computed(h.noted) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.computed_public(h.noted) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.name(h.noted) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'n'; END $$;
CREATE FUNCTION public.anything(record) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.length(h.noted) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.poly(anyelement) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.with_default(h.noted, int DEFAULT 1) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.default_only(h.noted, int DEFAULT h.mark()) RETURNS int LANGUAGE sql AS 'SELECT $2';
CREATE VIEW h.v_noted AS SELECT n.computed_public FROM h.noted n;
CREATE FUNCTION public.noted_set(h.noted) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN NEXT 1; END $$;
CREATE TABLE h.noted_child () INHERITS (h.noted);
CREATE FUNCTION public."Odd.Column"(h.noted) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
-- setup: functions named as types
CREATE FUNCTION public.int4(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.d_thing(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE DOMAIN public.d_thing2 AS text CHECK (h.check_it(VALUE));

-- name: domain-cast
SELECT 1::h.d_int
-- name: domain-cast-function-style
SELECT CAST(1 AS h.d_int)
-- name: domain-literal
SELECT h.d_int '5'
-- name: domain-as-function
SELECT h.d_int(5)
-- name: domain-as-function-public
SELECT d_thing2('x')
-- name: domain-nested
SELECT 1::h.d_nested
-- name: domain-array-element
SELECT '{1,2}'::h.d_int[]
-- name: domain-array-constructor
SELECT ARRAY[1, 2]::h.d_int[]
-- name: domain-over-array
SELECT '{1,2}'::h.d_array
-- name: domain-over-json
SELECT '{"a": 1}'::h.d_json
-- name: domain-in-composite-literal
SELECT '(1,x)'::h.with_domain
-- name: domain-in-row-cast
SELECT ROW(1, 'x')::h.with_domain
-- name: domain-in-nested-composite
SELECT ROW(ROW(1, 'x'), 'y')::h.outer_composite
-- name: domain-in-array-of-composite
SELECT '{"(1,x)"}'::h.with_domain[]
-- name: domain-in-composite-array
SELECT '("{1,2}")'::h.with_array_of_domain
-- name: domain-over-composite
SELECT ROW(1, 'x')::h.d_composite
-- name: domain-range
SELECT '[1,2]'::h.d_range
-- name: domain-range-constructor
SELECT h.d_range(1, 2)
-- name: domain-multirange
-- min: 14
SELECT '{[1,2]}'::h.d_multirange
-- name: domain-row-type-of-table
SELECT '(1,x)'::h.domain_table
-- name: domain-populate-record
SELECT jsonb_populate_record(NULL::h.with_domain, '{"a": 1}')
-- name: domain-json-populate-record
SELECT * FROM json_populate_record(NULL::h.domain_table, '{"a": 1}')
-- name: domain-populate-recordset
SELECT * FROM jsonb_populate_recordset(NULL::h.with_domain, '[{"a": 1}]')
-- name: domain-populate-nested
SELECT json_populate_record(NULL::h.outer_composite, '{"inner_one": {"a": 1}}')
-- name: domain-to-record
SELECT * FROM json_to_record('{"a": 1}') AS x(a h.d_int)
-- name: domain-jsonb-to-recordset
SELECT * FROM jsonb_to_recordset('[{"a": 1}]') AS x(a h.d_int, b text)
-- name: domain-xmltable
SELECT * FROM XMLTABLE('/a' PASSING xml '<a>1</a>' COLUMNS b h.d_int PATH '.')
-- name: domain-json-table
-- min: 17
SELECT * FROM JSON_TABLE('[1]'::jsonb, '$[*]' COLUMNS (v h.d_int PATH '$'))
-- name: domain-json-value
-- min: 17
SELECT JSON_VALUE('{"a": 1}'::jsonb, '$.a' RETURNING h.d_int)
-- name: domain-json-query
-- min: 17
SELECT JSON_QUERY('{"a": [1]}'::jsonb, '$.a' RETURNING h.d_array)
-- name: domain-json-object-returning
-- min: 16
SELECT JSON_OBJECT('a': 1 RETURNING h.d_text)
-- name: domain-input-is-valid
-- min: 16
SELECT pg_input_is_valid('1', 'h.d_int')
-- name: domain-input-is-valid-computed
-- min: 16
SELECT pg_input_is_valid('1', 'h.' || 'd_' || 'int')
-- name: domain-input-error-info
-- min: 16
SELECT * FROM pg_input_error_info('1', 'h.d_int')
-- name: domain-input-is-valid-column
-- min: 16
SELECT pg_input_is_valid('1', t) FROM (VALUES ('h.d_int')) v(t)
-- name: domain-case-result
SELECT CASE WHEN true THEN 1::h.d_int ELSE 2 END
-- name: domain-union
SELECT 1::h.d_int UNION ALL SELECT 2
-- name: domain-parameter-of-function
SELECT h.to_d(3)
-- name: domain-view
SELECT * FROM h.v_domain
-- name: domain-shadowing-int
SELECT 1::h.int
-- name: domain-shadowing-int-quoted
SELECT 1::h."int"
-- name: domain-weird-name
SELECT 'x'::h."Weird.Type"
-- name: domain-public
SELECT 5::integer_
-- name: domain-explain-constant
EXPLAIN SELECT 1 WHERE 5 = ANY ('{1}'::h.d_int[])
-- name: domain-column-definition-list
SELECT * FROM jsonb_to_record('{"a": [1]}') AS x(a h.d_int[])
-- name: domain-xmlserialize
SELECT xmlserialize(content xml '<a/>' AS h.d_text)
-- name: domain-in-values
VALUES ('1'::h.d_int), ('2')
-- name: domain-in-default
SELECT json_populate_recordset(NULL::h.domain_table, '[{"a":"1"}]')
-- name: domain-hstore-populate
SELECT ext.populate_record(NULL::h.with_domain, 'a=>1'::ext.hstore)
-- name: domain-hstore-operator
SELECT NULL::h.with_domain OPERATOR(ext.#=) 'a=>1'::ext.hstore
-- name: domain-hstore-operator-on-a-row
SELECT (l OPERATOR(ext.#=) 'a=>3'::ext.hstore).t FROM h.domain_rows l
-- name: domain-hstore-aggregate
SELECT h.populate(l, 'a=>3'::ext.hstore) FROM h.domain_rows l
-- name: domain-crosstab-columns
SELECT * FROM ext.crosstab('SELECT 1, 1, 1 FROM h.mark()') AS x(a int, b int)
-- name: cast-explicit
SELECT c::text FROM h.casts
-- name: cast-in-view
SELECT * FROM h.v_cast
-- name: cast-implicit-argument
SELECT length(c) FROM h.casts
-- name: cast-implicit-builtin
SELECT upper(c) FROM h.casts
-- name: cast-implicit-arithmetic
SELECT c + 1 FROM h.casts
-- name: cast-implicit-comparison
SELECT count(*) FROM h.casts WHERE c = 1
-- name: cast-implicit-limit
SELECT 1 LIMIT (SELECT c::int FROM h.casts LIMIT 1)
-- name: cast-implicit-aggregate
SELECT string_agg(c, ',') FROM h.casts
-- name: cast-from-int
SELECT 1::h.castable
-- name: cast-array-elements
SELECT array_agg(c)::text[] FROM h.casts
-- name: cast-int-array
SELECT ARRAY[1, 2]::h.castable[]
-- name: cast-to-composite
SELECT c::h.target FROM h.casts
-- name: cast-json
SELECT c::json FROM h.jenums
-- name: cast-to-json
SELECT to_json(c) FROM h.jenums
-- name: cast-to-jsonb
SELECT to_jsonb(c) FROM h.jenums
-- name: cast-json-agg
SELECT json_agg(c) FROM h.jenums
-- name: cast-json-build-object
SELECT json_build_object('a', c) FROM h.jenums
-- name: cast-jsonb-build-array
SELECT jsonb_build_array(1, c) FROM h.jenums
-- name: cast-json-object-agg
SELECT jsonb_object_agg('k', c) FROM h.jenums
-- name: cast-array-to-json
SELECT array_to_json(array_agg(c)) FROM h.jenums
-- name: cast-json-array-constructor
-- min: 16
SELECT JSON_ARRAY(c) FROM h.jenums
-- name: cast-json-scalar
-- min: 17
SELECT JSON_SCALAR(c::text) FROM h.casts
-- name: cast-row-to-json-field
SELECT row_to_json(x) FROM h.jenums x
-- name: cast-to-jsonb-nested-record
SELECT to_jsonb(ROW(1, ROW(c))) FROM h.jenums
-- name: cast-json-agg-subquery
SELECT jsonb_agg(x) FROM (SELECT c, 1 AS one FROM h.jenums) x
-- name: cast-json-in-view
SELECT * FROM h.v_jenums
-- name: cast-json-in-plpgsql
SELECT h.plpgsql_json()
-- name: cast-json-objectagg
-- min: 16
SELECT JSON_OBJECTAGG('k': c) FROM h.jenums
-- name: cast-concat-output
SELECT concat(c::text, 1) FROM h.casts
-- name: range-subdiff-gist
EXPLAIN SELECT h.subdiff(1, 2)
-- name: range-comparison-class
SELECT h.rt_range(ROW(1)::h.rt, ROW(2)::h.rt)
-- name: range-literal-class
SELECT '["(1)","(2)"]'::h.rt_range
-- name: range-operator-class
SELECT h.rt_range(ROW(1)::h.rt, NULL) @> ROW(5)::h.rt
-- name: column-notation
SELECT n.computed_public FROM h.noted n
-- name: column-notation-parenthesised
SELECT (n).computed_public FROM h.noted n
-- name: column-notation-unqualified-table
SELECT noted.computed_public FROM h.noted
-- name: column-notation-schema-table
SELECT h.noted.computed_public FROM h.noted
-- name: column-notation-name
SELECT n.name FROM h.noted n
-- name: column-notation-builtin-name
SELECT n.length FROM h.noted n
-- name: column-notation-record
SELECT n.anything FROM h.noted n
-- name: column-notation-polymorphic
SELECT n.poly FROM h.noted n
-- name: column-notation-default
SELECT n.with_default FROM h.noted n
-- name: column-notation-row
SELECT (ROW(1, 'a')::h.noted).computed_public
-- name: column-notation-subquery
SELECT (SELECT n FROM h.noted n LIMIT 1).computed_public
-- name: column-notation-where
SELECT 1 FROM h.noted n WHERE n.computed_public = 1
-- name: column-notation-order
SELECT id FROM h.noted n ORDER BY n.computed_public
-- name: column-notation-view
SELECT * FROM h.v_noted
-- name: column-notation-set
SELECT n.noted_set FROM h.noted n
-- name: column-notation-child
SELECT n.computed_public FROM ONLY h.noted n
-- name: column-notation-quoted
SELECT n."Odd.Column" FROM h.noted n
-- name: column-notation-array-element
SELECT ((array_agg(n))[1]).computed_public FROM h.noted n
-- name: column-notation-join-using
SELECT (a).computed_public FROM (h.noted a JOIN h.noted b USING (id))
-- name: function-notation-of-default
SELECT n.default_only FROM h.noted n
-- name: type-name-function
SELECT public.int4('7'::text)
-- name: type-name-function-unqualified
SELECT int4('7'::text)
-- name: function-like-domain
SELECT d_thing(4)
-- name: domain-json-query-of-a-row
-- min: 17
SELECT JSON_QUERY('{"r": {"a": 1, "b": "x"}}'::jsonb, '$.r' RETURNING h.with_domain)
-- name: domain-json-table-of-a-row
-- min: 17
SELECT * FROM JSON_TABLE('[{"a": 1, "b": "x"}]'::jsonb, '$[*]' COLUMNS (r h.with_domain PATH '$'))
