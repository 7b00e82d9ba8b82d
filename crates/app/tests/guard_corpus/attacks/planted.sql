-- Code that somebody planted where the server finds it by itself: behind types, conversions, text search, the order of its own
-- types, casts between its own types, estimates, support functions, partitions. A superuser planted it; anybody runs into it.
-- database: planted

-- setup: code of the server under another name
CREATE FUNCTION h.reset(internal) RETURNS internal LANGUAGE internal AS 'pg_stat_reset';
CREATE FUNCTION h.reset_start(internal, int) RETURNS internal LANGUAGE internal AS 'pg_stat_reset';
CREATE FUNCTION h.reset_lexize(internal, internal, internal, internal) RETURNS internal LANGUAGE internal AS 'pg_stat_reset';
CREATE FUNCTION h.reset_estimate(internal, oid, internal, int) RETURNS float8 LANGUAGE internal AS 'pg_stat_reset';
CREATE FUNCTION h.reset_join(internal, oid, internal, smallint, internal) RETURNS float8 LANGUAGE internal AS 'pg_stat_reset';
CREATE FUNCTION h.plain_equal(int, int) RETURNS boolean LANGUAGE internal IMMUTABLE AS 'int4eq';
CREATE FUNCTION h.mark_cmp(point, point) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN 0; END $$;
CREATE FUNCTION h.mark_hash(money) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN 0; END $$;
CREATE FUNCTION h.mark_int_cmp(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN EXECUTE 'SELECT txid' || '_current()'; RETURN CASE WHEN $1 < $2 THEN -1 WHEN $1 > $2 THEN 1 ELSE 0 END; END $$;
-- setup: a type with a modifier
CREATE TYPE h.modified;
CREATE FUNCTION h.modified_in(cstring) RETURNS h.modified LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION h.modified_out(h.modified) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE FUNCTION h.modified_modin(cstring[]) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'pg_stat_reset';
CREATE TYPE h.modified (INPUT = h.modified_in, OUTPUT = h.modified_out, TYPMOD_IN = h.modified_modin, LIKE = int4);
-- setup: a type whose input is no input
CREATE TYPE h.reading;
CREATE FUNCTION h.reading_in(cstring) RETURNS h.reading LANGUAGE internal IMMUTABLE STRICT AS 'pg_stat_reset';
CREATE FUNCTION h.reading_out(h.reading) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE h.reading (INPUT = h.reading_in, OUTPUT = h.reading_out, LIKE = int4);
CREATE CAST (int AS h.reading) WITHOUT FUNCTION;
CREATE TABLE h.readings (r h.reading, t text);
INSERT INTO h.readings VALUES (1::h.reading, '5');
-- setup: a type with subscripts
-- min: 14
CREATE TYPE h.subscripted;
CREATE FUNCTION h.subscripted_in(cstring) RETURNS h.subscripted LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION h.subscripted_out(h.subscripted) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE h.subscripted (INPUT = h.subscripted_in, OUTPUT = h.subscripted_out, SUBSCRIPT = h.reset, LIKE = int4);
CREATE TABLE h.subscripts (s h.subscripted);
-- setup: conversion
DO $$ BEGIN
  EXECUTE format('CREATE FUNCTION h.reset_convert(int, int, cstring, internal, int%s) RETURNS %s LANGUAGE internal AS %L',
    CASE WHEN current_setting('server_version_num')::int >= 140000 THEN ', boolean' ELSE '' END,
    CASE WHEN current_setting('server_version_num')::int >= 140000 THEN 'int' ELSE 'void' END, 'pg_stat_reset');
END $$;
CREATE DEFAULT CONVERSION public.planted_conversion FOR 'JOHAB' TO 'EUC_CN' FROM h.reset_convert;
CREATE DEFAULT CONVERSION public.planted_to_server FOR 'EUC_CN' TO 'LATIN5' FROM h.reset_convert;
-- setup: text search
CREATE TEXT SEARCH TEMPLATE h.planted_template (LEXIZE = h.reset_lexize);
CREATE TEXT SEARCH DICTIONARY h.planted_dictionary (TEMPLATE = h.planted_template);
CREATE TEXT SEARCH CONFIGURATION h.planted_search (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION h.planted_search ALTER MAPPING FOR asciiword, word, numword WITH h.planted_dictionary;
-- setup: order of built-in types
CREATE FUNCTION h.point_less(point, point) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'point_left';
CREATE OPERATOR h.<<| (LEFTARG = point, RIGHTARG = point, FUNCTION = h.point_less);
CREATE OPERATOR h.|>> (LEFTARG = point, RIGHTARG = point, FUNCTION = h.point_less);
CREATE OPERATOR CLASS h.point_order DEFAULT FOR TYPE point USING btree AS
  OPERATOR 1 h.<<|, OPERATOR 3 pg_catalog.~=(point, point), OPERATOR 5 h.|>>, FUNCTION 1 h.mark_cmp(point, point);
CREATE OPERATOR CLASS h.money_hash DEFAULT FOR TYPE money USING hash AS OPERATOR 1 pg_catalog.=(money, money), FUNCTION 1 h.mark_hash(money);
CREATE TABLE h.points (p point, m money);
INSERT INTO h.points SELECT point(i % 3, i % 2), (i % 4)::money FROM generate_series(1, 12) i;
-- setup: casts between built-in types
CREATE FUNCTION h.inet_int(inet) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.mac_bool(macaddr) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE CAST (inet AS int) WITH FUNCTION h.inet_int(inet) AS IMPLICIT;
CREATE CAST (macaddr AS boolean) WITH FUNCTION h.mac_bool(macaddr);
CREATE TABLE h.addresses (a inet, m macaddr);
INSERT INTO h.addresses VALUES ('10.0.0.1', '08:00:2b:01:02:03');
CREATE VIEW h.v_addresses AS SELECT a::int AS n FROM h.addresses;
-- setup: operator with estimates, function with support
CREATE OPERATOR h.=?= (LEFTARG = int, RIGHTARG = int, FUNCTION = h.plain_equal, RESTRICT = h.reset_estimate, JOIN = h.reset_join);
CREATE FUNCTION h.supported(int) RETURNS int LANGUAGE internal IMMUTABLE AS 'int4abs' SUPPORT h.reset;
CREATE VIEW h.v_estimated AS SELECT id FROM h.canary WHERE id OPERATOR(h.=?=) 1;
-- setup: partitions and indexes of another order
CREATE OPERATOR CLASS h.int_order FOR TYPE int USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 h.mark_int_cmp(int, int);
CREATE TABLE h.by_order (a int, b text) PARTITION BY RANGE (a h.int_order);
CREATE TABLE h.by_order_1 PARTITION OF h.by_order FOR VALUES FROM (0) TO (10);
CREATE TABLE h.by_order_2 PARTITION OF h.by_order FOR VALUES FROM (10) TO (20);
CREATE TABLE h.by_order_3 PARTITION OF h.by_order FOR VALUES FROM (20) TO (30);
CREATE TABLE h.index_order (a int, b text);
INSERT INTO h.index_order SELECT i, 'row ' || i FROM generate_series(1, 20000) i;
CREATE INDEX ON h.index_order (a h.int_order);
CREATE VIEW h.v_index_order AS SELECT b FROM h.index_order WHERE a = 77;
-- setup: functions in the system's schema
CREATE FUNCTION pg_catalog.planted_in_catalog(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION pg_catalog.upper(varchar) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'X'; END $$;
CREATE OPERATOR pg_catalog.<^^> (LEFTARG = int, RIGHTARG = int, FUNCTION = h.mark_int_cmp);
CREATE FUNCTION information_schema.planted_too() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
-- setup: schemas that are named as roles
CREATE SCHEMA IF NOT EXISTS {{plain}};
CREATE SCHEMA IF NOT EXISTS {{superuser}};
DO $$ DECLARE s text; BEGIN FOREACH s IN ARRAY ARRAY['{{plain}}', '{{superuser}}'] LOOP
  EXECUTE format('CREATE FUNCTION %I.reverse(varchar) RETURNS text LANGUAGE plpgsql AS %L', s, 'BEGIN PERFORM h.mark(); RETURN $1; END');
END LOOP; END $$;
-- setup: another name of a language
CREATE LANGUAGE plnothing HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
CREATE FUNCTION h.in_another_language() RETURNS int LANGUAGE plnothing AS $$ BEGIN RETURN h.mark(); END $$;

-- name: modifier-of-a-type
SELECT NULL::h.modified(5)
-- name: modifier-of-a-column-cast
SELECT n::h.modified(5) FROM h.canary WHERE false
-- name: modifier-in-a-regtype
SELECT 'h.modified(5)'::regtype
-- name: modifier-in-to-regtype
SELECT to_regtype('h.modi' || 'fied(' || 5 || ')')
-- name: modifier-of-an-argument
SELECT to_regprocedure('h.none(h.modi' || 'fied(3))')
-- name: modifier-in-an-unknown-literal
SELECT ARRAY[pg_typeof(1), 'h.modified(5)']
-- name: modifier-of-a-definition
SELECT * FROM json_to_record('{}') AS x(a h.modified(3))
-- name: input-of-a-literal
SELECT '5'::h.reading
-- name: input-of-a-comparison
SELECT count(*) FROM h.readings WHERE t::h.reading IS NOT NULL
-- name: input-through-text
SELECT t::h.reading IS NULL FROM h.readings
-- name: input-through-json
SELECT r IS NULL FROM jsonb_to_record('{"r": 7}') AS x(r h.reading)
-- name: input-of-an-array
SELECT cardinality('{1,2}'::h.reading[])
-- name: input-of-a-row
SELECT ('(1,x)'::h.readings).t
-- name: input-is-valid
-- min: 16
SELECT pg_input_is_valid('1', 'h.reading')
-- name: subscript
-- min: 14
SELECT s[1] FROM h.subscripts
-- name: subscript-slice
-- min: 14
EXPLAIN SELECT s[1:2] FROM h.subscripts
-- name: subscript-of-a-null
-- min: 14
SELECT (NULL::h.subscripted)[1]
-- name: conversion
SELECT convert('abc'::bytea, 'JOHAB', 'EUC_CN')
-- name: conversion-of-encodings-that-are-computed
SELECT convert('abc'::bytea, 'JOH' || 'AB', name) FROM (VALUES ('EUC_CN'::name)) v(name)
-- name: text-search
SELECT to_tsvector('h.planted_search', 'abc')
-- name: text-search-query
SELECT to_tsquery('h.planted_search'::regconfig, 'abc & def')
-- name: text-search-lexize
SELECT ts_lexize('h.planted_dictionary', 'abc')
-- name: text-search-headline
SELECT ts_headline(('h.planted_' || 'search')::regconfig, 'abc def', 'abc'::tsquery)
-- name: text-search-json
SELECT to_tsvector('h.planted_search', '{"a": "abc"}'::jsonb)
-- name: order-by-point
SELECT p FROM h.points ORDER BY p
-- name: distinct-point
SELECT DISTINCT p FROM h.points
-- name: group-by-point
SELECT count(*) FROM h.points GROUP BY p
-- name: union-of-points
SELECT p FROM h.points UNION SELECT point '(1,1)'
-- name: window-by-point
SELECT rank() OVER (ORDER BY p) FROM h.points
-- name: array-of-points
SELECT ARRAY[p] < ARRAY[point '(1,1)'] FROM h.points
-- name: greatest-point
SELECT greatest(p, point '(0,0)') FROM h.points
-- name: rows-in-order
SELECT x FROM h.points x ORDER BY x
-- name: distinct-aggregate-of-points
SELECT count(DISTINCT p) FROM h.points
-- name: hash-of-money
SELECT count(*) FROM (SELECT DISTINCT ARRAY[m] FROM h.points) s
-- name: cast-between-built-in-types
SELECT a::int FROM h.addresses
-- name: cast-of-a-literal-between-built-in-types
SELECT CAST(inet '10.1.1.1' AS int)
-- name: cast-of-an-argument
SELECT abs(a) FROM h.addresses
-- name: cast-of-a-second-argument
SELECT repeat('x', a) FROM h.addresses
-- name: cast-of-a-subscript
SELECT (ARRAY[1, 2, 3])[a] FROM h.addresses
-- name: cast-in-a-view
SELECT n FROM h.v_addresses
-- name: cast-of-array-elements
SELECT ARRAY[a]::int[] FROM h.addresses
-- name: cast-to-boolean
SELECT 1 FROM h.addresses WHERE m::boolean
-- name: cast-of-a-union
SELECT a::int FROM h.addresses UNION ALL SELECT 1
-- name: estimate-of-an-operator
EXPLAIN SELECT * FROM h.canary WHERE id OPERATOR(h.=?=) 1
-- name: estimate-of-a-join
SELECT count(*) FROM h.canary a JOIN h.canary b ON a.id OPERATOR(h.=?=) b.id
-- name: estimate-in-a-view
SELECT * FROM h.v_estimated
-- name: support-of-a-function
EXPLAIN SELECT h.supported(id) FROM h.canary
-- name: partitions-of-another-order
SELECT * FROM h.by_order WHERE a = 5
-- name: partitions-of-another-order-explained
EXPLAIN SELECT count(*) FROM h.by_order
-- name: partitions-of-another-order-inserted
EXPLAIN INSERT INTO h.by_order VALUES (1, 'x')
-- name: index-of-another-order
SELECT b FROM h.index_order WHERE a = 77
-- name: index-of-another-order-in-a-view
SELECT * FROM h.v_index_order
-- name: index-of-another-order-sorted
SELECT a FROM h.index_order WHERE a BETWEEN 5 AND 9 ORDER BY a LIMIT 2
-- name: function-in-the-catalog
SELECT pg_catalog.planted_in_catalog(1)
-- name: function-in-the-catalog-unqualified
SELECT planted_in_catalog(1)
-- name: overload-in-the-catalog
SELECT upper(v) FROM h.canary
-- name: operator-in-the-catalog
SELECT 1 <^^> 2
-- name: function-in-the-information-schema
SELECT information_schema.planted_too()
-- name: function-in-the-schema-of-the-role
SELECT reverse(v) FROM h.canary
-- name: function-in-another-language
SELECT h.in_another_language()
