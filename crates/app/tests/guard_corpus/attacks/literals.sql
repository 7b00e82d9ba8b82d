-- Literals that the server reads as arrays, rows and ranges while it analyses a statement: the input function of the whole calls
-- those of the parts, and so the check of a domain, whatever the statement does with the value. No EXECUTE is needed for an effect.

-- setup: nested checks
CREATE FUNCTION h.literal_check(anyelement) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE DOMAIN h.l_int AS int CHECK (h.literal_check(VALUE));
CREATE TABLE h.l_table (a h.l_int, t text);
CREATE TABLE h.l_arrays (a h.l_int[]);
CREATE FUNCTION public.takes_row(h.l_table) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION public.takes_array(h.l_int[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE VIEW h.l_view AS SELECT a, t FROM h.l_table;
-- setup: keywords in bodies
CREATE TYPE h.l_mood AS ENUM ('sad', 'happy');
CREATE FUNCTION h.l_op(h.l_mood, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION h.l_op(h.l_mood, h.l_mood) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE OPERATOR public.~~ (LEFTARG = h.l_mood, RIGHTARG = text, FUNCTION = h.l_op);
CREATE OPERATOR public.<> (LEFTARG = h.l_mood, RIGHTARG = h.l_mood, FUNCTION = h.l_op);
CREATE OPERATOR public.>= (LEFTARG = h.l_mood, RIGHTARG = h.l_mood, FUNCTION = h.l_op);
CREATE FUNCTION h.body_like(h.l_mood) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN $1 LIKE 'x'::text; END $$;
CREATE FUNCTION h.body_unequal(h.l_mood) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN $1 != 'sad'::h.l_mood; END $$;
CREATE FUNCTION h.body_between(h.l_mood) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN $1 BETWEEN 'sad' AND 'happy'::h.l_mood; END $$;
CREATE FUNCTION h.body_poly(anyelement) RETURNS boolean LANGUAGE sql AS 'SELECT $1 <> $1';
CREATE TABLE h.l_moods (m h.l_mood);
INSERT INTO h.l_moods VALUES ('sad');
-- setup: paths of functions
CREATE SCHEMA l_path;
GRANT ALL ON SCHEMA l_path TO PUBLIC;
CREATE FUNCTION l_path.upper(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN $1; END $$;
CREATE FUNCTION l_path.only_there() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION h.path_of_its_own() RETURNS text LANGUAGE sql SET search_path = l_path, pg_catalog AS $$ SELECT upper('x') $$;
CREATE FUNCTION h.path_quoted() RETURNS int LANGUAGE plpgsql SET search_path = "l_path" AS $$ BEGIN RETURN only_there(); END $$;
CREATE FUNCTION h.path_inner() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM pg_class WHERE false) + coalesce((SELECT only_there()), 0); EXCEPTION WHEN undefined_function THEN RETURN 0; END $$;
CREATE FUNCTION h.path_handed_on() RETURNS int LANGUAGE sql SET search_path = l_path AS $$ SELECT h.path_inner() $$;
CREATE FUNCTION h.path_dotted() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN l_path . only_there(); END $$;
CREATE FUNCTION h.path_commented() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN l_path./* . */only_there(); END $$;
CREATE FUNCTION h.path_in_quotes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN "l_path"."only_there"(); END $$;
CREATE FUNCTION h.path_half_in_quotes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN "l_path".only_there(); END $$;

-- setup: literals in bodies
CREATE FUNCTION h.l_body_row() RETURNS text LANGUAGE sql AS $$ SELECT (coalesce(NULL::h.l_table, '(1,x)')).t $$;
CREATE FUNCTION h.l_body_table() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM h.l_table WHERE ARRAY[a] = '{3}' $$;
CREATE FUNCTION h.l_body_argument(h.l_int[]) RETURNS boolean LANGUAGE sql AS $$ SELECT $1 = '{3}' $$;
CREATE FUNCTION h.l_body_ends() RETURNS int LANGUAGE sql AS $$ SELECT 1 + h.mark() -- no more $$;
CREATE FUNCTION public.l_over(int) RETURNS text LANGUAGE sql AS $$ SELECT 'fine'::text $$;
CREATE FUNCTION public.l_over(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN $1; END $$;
CREATE FUNCTION h.l_body_overload(text) RETURNS text LANGUAGE sql AS $$ SELECT public.l_over($1) $$;

-- name: row-in-a-body
SELECT h.l_body_row()
-- name: array-in-a-body
SELECT h.l_body_table()
-- name: array-for-an-argument-in-a-body
SELECT h.l_body_argument(NULL)
-- name: body-that-ends-in-a-comment
SELECT h.l_body_ends()
-- name: overload-in-a-body
SELECT h.l_body_overload('x')
-- name: array-of-a-column
SELECT count(*) FROM h.l_table WHERE ARRAY[a] = '{3}'
-- name: array-of-a-view's-column
SELECT count(*) FROM h.l_view WHERE ARRAY[a] = '{3}'
-- name: array-column
SELECT count(*) FROM h.l_arrays WHERE a = '{3}'
-- name: array-column-with-bounds
SELECT count(*) FROM h.l_arrays WHERE a = ' [2:2]={3}'
-- name: row-by-coalesce
SELECT coalesce(l, '(1,x)') FROM h.l_table l
-- name: row-by-case
SELECT CASE WHEN true THEN l ELSE '(1,x)' END FROM h.l_table l
-- name: row-by-union
SELECT l FROM h.l_table l UNION ALL SELECT '(1,x)'
-- name: row-by-greatest
SELECT greatest(l, '(1,x)') FROM h.l_table l
-- name: row-by-array
SELECT ARRAY[l, '(1,x)'] FROM h.l_table l
-- name: row-as-argument
SELECT public.takes_row('(1,x)')
-- name: array-as-argument
SELECT takes_array('{1}')
-- name: array-beside-what-it-runs
SELECT h.mark(), takes_array('{1}')
-- name: array-beside-its-check
SELECT h.literal_check(1), takes_array('{1}')
-- name: row-beside-what-it-runs
SELECT h.mark(), coalesce(l, '(1,x)') FROM h.l_table l
-- name: column-beside-a-view-of-it
SELECT (SELECT count(*) FROM h.l_view), (SELECT count(*) FROM h.l_table WHERE ARRAY[a] = '{3}')
-- name: array-aggregate
SELECT array_agg(a) = '{3}' FROM h.l_table
-- name: array-concatenated
SELECT ARRAY[a] || '{3}' FROM h.l_table
-- name: row-in-values
SELECT * FROM (VALUES (NULL::h.l_table), ('(1,x)')) v
-- name: explained
EXPLAIN SELECT coalesce(l, '(1,x)') FROM h.l_table l
-- name: inserted
EXPLAIN INSERT INTO h.l_arrays VALUES ('{4}')
-- name: like-in-a-body
SELECT h.body_like('sad')
-- name: unequal-in-a-body
SELECT h.body_unequal('happy')
-- name: between-in-a-body
SELECT h.body_between('sad')
-- name: operator-by-a-polymorphic-body
SELECT h.body_poly(m) FROM h.l_moods
-- name: operator-by-a-polymorphic-body-and-cast
SELECT h.body_poly('sad'::h.l_mood)
-- name: path-of-its-own
SELECT h.path_of_its_own()
-- name: path-quoted
SELECT h.path_quoted()
-- name: path-handed-on
SELECT h.path_handed_on()
-- name: path-dotted
SELECT h.path_dotted()
-- name: path-commented
SELECT h.path_commented()
-- name: path-in-quotes
SELECT h.path_in_quotes()
-- name: path-half-in-quotes
SELECT h.path_half_in_quotes()
