-- A database (and role) whose search_path puts a hostile schema before the system's: every name may mean something else.
-- database: path

-- setup: shadows
CREATE SCHEMA s;
GRANT ALL ON SCHEMA s TO PUBLIC;
CREATE FUNCTION s.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION s.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN clock_timestamp(); END $$;
CREATE FUNCTION s.count_trans(bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN $1 + 1; END $$;
CREATE AGGREGATE s.count(*) (SFUNC = s.count_trans, STYPE = bigint, INITCOND = '0');
CREATE FUNCTION s.version() RETURNS text LANGUAGE sql AS 'SELECT h.mark()::text';
CREATE FUNCTION s.to_char(timestamptz, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION s.generate_series(int, int) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN NEXT 1; END $$;
CREATE FUNCTION s.jsonb_build_object(VARIADIC text[]) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN '{}'; END $$;
CREATE FUNCTION s.op(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION s.op_bool(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION s.op_text(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE OPERATOR s.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = s.op);
CREATE OPERATOR s.= (LEFTARG = int, RIGHTARG = int, FUNCTION = s.op_bool);
CREATE OPERATOR s.<> (LEFTARG = int, RIGHTARG = int, FUNCTION = s.op_bool);
CREATE OPERATOR s.>= (LEFTARG = int, RIGHTARG = int, FUNCTION = s.op_bool);
CREATE OPERATOR s.<= (LEFTARG = int, RIGHTARG = int, FUNCTION = s.op_bool);
CREATE OPERATOR s.~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = s.op_text);
CREATE OPERATOR s.~ (LEFTARG = text, RIGHTARG = text, FUNCTION = s.op_text);
CREATE FUNCTION s.check_it(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION s.check_text(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE DOMAIN s.regclass AS pg_catalog.int4 CHECK (s.check_it(VALUE));
CREATE DOMAIN s.money AS pg_catalog.int4 CHECK (s.check_it(VALUE));
CREATE DOMAIN s.json AS pg_catalog.text CHECK (s.check_text(VALUE));
CREATE DOMAIN s.uuid AS pg_catalog.text CHECK (s.check_text(VALUE));
CREATE DOMAIN s.date AS pg_catalog.text CHECK (s.check_text(VALUE));
CREATE DOMAIN s.text AS pg_catalog.text CHECK (s.check_text(VALUE));
CREATE VIEW s.pg_class AS SELECT h.mark() AS oid, 'x'::pg_catalog.text AS relname;
CREATE VIEW s.pg_settings AS SELECT h.mark() AS name;
CREATE VIEW s.canary AS SELECT h.mark() AS id;
CREATE FUNCTION s.like_escape(pg_catalog.text, pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION s.sum_trans(bigint, int) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 1; END $$;
CREATE AGGREGATE s.sum(int) (SFUNC = s.sum_trans, STYPE = bigint, INITCOND = '0');
CREATE FUNCTION s.bernoulli(internal) RETURNS tsm_handler LANGUAGE internal AS 'tsm_system_handler';
CREATE FUNCTION s.pg_sleep(float8) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); END $$;
CREATE FUNCTION s.set_config(pg_catalog.text, pg_catalog.text, boolean) RETURNS pg_catalog.text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION s.uses_lower() RETURNS pg_catalog.text LANGUAGE sql AS $$ SELECT lower('A'::pg_catalog.text) $$;
CREATE FUNCTION s.uses_plus() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 + 1; END $$;
CREATE FUNCTION s.current_schemas(boolean) RETURNS name[] LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN '{}'; END $$;
CREATE FUNCTION s.current_setting(pg_catalog.text) RETURNS pg_catalog.text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION s.array_agg_trans(int[], int) RETURNS int[] LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN $1; END $$;
CREATE AGGREGATE s.array_agg(int) (SFUNC = s.array_agg_trans, STYPE = int[]);
CREATE FUNCTION s.unnest(int[]) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN NEXT 1; END $$;
ALTER DATABASE {{database}} SET search_path = s, pg_catalog, public;

-- name: function
SELECT lower('A'::pg_catalog.text)
-- name: function-without-arguments
SELECT now()
-- name: aggregate
SELECT count(*) FROM h.canary
-- name: aggregate-sum
SELECT sum(n) FROM h.canary
-- name: aggregate-array
SELECT array_agg(n) FROM h.canary
-- name: version
SELECT version()
-- name: to-char
SELECT to_char(current_timestamp, 'x'::pg_catalog.text)
-- name: set-returning
SELECT * FROM generate_series(1, 3)
-- name: unnest
SELECT * FROM unnest(ARRAY[1, 2])
-- name: operator-plus
SELECT 1 + 1
-- name: operator-equals
SELECT 1 FROM h.canary WHERE id = 1
-- name: operator-in
SELECT 1 FROM h.canary WHERE id IN (1, 2)
-- name: operator-not-in
SELECT 1 FROM h.canary WHERE id NOT IN (1, 2)
-- name: operator-any
SELECT 1 = ANY (ARRAY[1, 2])
-- name: operator-case
SELECT CASE id WHEN 1 THEN 2 END FROM h.canary
-- name: operator-nullif
SELECT nullif(id, 1) FROM h.canary
-- name: operator-is-distinct
SELECT id IS DISTINCT FROM 1 FROM h.canary
-- name: operator-between
SELECT 1 FROM h.canary WHERE id BETWEEN 1 AND 2
-- name: operator-join-using
SELECT a.t FROM h.canary a JOIN h.canary b USING (id)
-- name: operator-natural-join
SELECT a.t FROM h.canary a NATURAL JOIN (SELECT id FROM h.canary) b
-- name: operator-in-subquery
SELECT 1 FROM h.canary WHERE id IN (SELECT n FROM h.canary)
-- name: operator-like
SELECT 1 FROM h.canary WHERE t LIKE 'r%'
-- name: operator-similar
SELECT 1 FROM h.canary WHERE t SIMILAR TO 'r%'
-- name: type-regclass
SELECT 5::regclass
-- name: type-money
SELECT money '5'
-- name: type-uuid
SELECT uuid 'a'
-- name: type-date
SELECT date 'a'
-- name: type-text
SELECT 5::text
-- name: relation-of-the-system
SELECT * FROM pg_class
-- name: relation-pg-settings
SELECT * FROM pg_settings
-- name: relation-of-the-user
SELECT * FROM canary
-- name: pg-sleep
SELECT pg_sleep(0.01::float8)
-- name: set-config
SELECT set_config('a'::pg_catalog.text, 'b'::pg_catalog.text, true)
-- name: sql-function-with-session-path
SELECT s.uses_lower()
-- name: plpgsql-function-with-session-path
SELECT s.uses_plus()
-- name: current-schemas
SELECT current_schemas(true)
-- name: current-setting
SELECT current_setting('work_mem'::pg_catalog.text)
