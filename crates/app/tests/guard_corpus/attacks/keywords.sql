-- Functions whose names are keywords of some grammar, or of a newer one than the server's: what parses as syntax here may be a call there.

-- setup: keyword names
CREATE FUNCTION public.json_scalar(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.json_serialize(json) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.json(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.json_value(jsonb, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.json_query(jsonb, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.json_exists(jsonb, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION public.json_array(int, int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.json_array() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.json_object() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.json_object(int, int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.json_arrayagg(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.merge_action() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.normalize(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public."coalesce"(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public."greatest"(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public."substring"(int, text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public."overlay"(int, int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public."extract"(text, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.date_part(text, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public."position"(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public."current_user"(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public."row"(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public."left"(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public."grouping"(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.xmlelement(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.timezone(text, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.like_escape(int, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public."overlaps"(int, int, int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION public.is_normalized(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION public.xmlexists(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION public."values"(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.ltrim(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.rtrim(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.btrim(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;

-- name: json-scalar-on-old-server
-- max: 16
SELECT json_scalar(1)
-- name: json-serialize-on-old-server
-- max: 16
SELECT json_serialize('{}'::json)
-- name: json-as-function-on-old-server
-- max: 16
SELECT json('{}'::text)
-- name: json-value-on-old-server
-- max: 16
SELECT json_value('{}'::jsonb, '$.a')
-- name: json-query-on-old-server
-- max: 16
SELECT json_query('{}'::jsonb, '$.a')
-- name: json-exists-on-old-server
-- max: 16
SELECT json_exists('{}'::jsonb, '$.a')
-- name: json-array-on-old-server
-- max: 15
SELECT json_array(1, 2)
-- name: json-array-empty-on-old-server
-- max: 15
SELECT json_array()
-- name: json-object-empty-on-old-server
-- max: 15
SELECT json_object()
-- name: json-object-overload
-- max: 15
SELECT json_object(1, 2)
-- name: json-arrayagg-on-old-server
-- max: 15
SELECT json_arrayagg(1)
-- name: merge-action-on-old-server
-- max: 16
SELECT merge_action()
-- name: quoted-merge-action
SELECT "merge_action"()
-- name: quoted-json-scalar
SELECT "json_scalar"(1)
-- name: qualified-json-value
SELECT public.json_value('{}'::jsonb, '$.a')
-- name: qualified-json-exists
SELECT public.json_exists('{}'::jsonb, '$')
-- name: quoted-coalesce
SELECT "coalesce"(1, 2)
-- name: quoted-greatest
SELECT "greatest"(1)
-- name: substring-overload
SELECT substring(5, 'x')
-- name: quoted-extract
SELECT "extract"('a'::text, 5)
-- name: extract-overload
-- max: 13
SELECT extract(epoch FROM 5)
-- name: quoted-position
SELECT "position"(1, 2)
-- name: quoted-current-user
SELECT "current_user"(1)
-- name: quoted-row
SELECT "row"(1)
-- name: left-overload
SELECT left(5)
-- name: quoted-grouping
SELECT "grouping"('x'::text)
-- name: quoted-values
SELECT "values"(1)
-- name: like-escape-overload
SELECT 'a' LIKE like_escape(5, 'x')
-- name: xmlexists-overload
SELECT "xmlexists"(1, 2)
