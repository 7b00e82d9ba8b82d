-- Operators: explicit, implied by syntax, and built-in spellings overloaded for other types.

-- setup: operators
CREATE TYPE h.opt AS (x int);
CREATE DOMAIN h.text_like AS text;
CREATE TYPE h.mood AS ENUM ('sad', 'happy');
CREATE FUNCTION h.op_int(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.op_prefix(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.op_opt(h.opt, h.opt) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION h.op_mood(h.mood, h.mood) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION h.op_mood_text(h.mood, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION h.op_varchar(text, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE OPERATOR h.%%% (LEFTARG = int, RIGHTARG = int, FUNCTION = h.op_int);
CREATE OPERATOR public.<^> (LEFTARG = int, RIGHTARG = int, FUNCTION = h.op_int);
CREATE OPERATOR public.@#@ (RIGHTARG = int, FUNCTION = h.op_prefix);
CREATE OPERATOR h.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = h.op_int);
CREATE OPERATOR public.= (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.op_opt);
CREATE OPERATOR public.<> (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.op_opt);
CREATE OPERATOR public.< (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.op_opt);
CREATE OPERATOR public.<= (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.op_opt);
CREATE OPERATOR public.>= (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.op_opt);
CREATE OPERATOR public.= (LEFTARG = h.mood, RIGHTARG = h.mood, FUNCTION = h.op_mood);
CREATE OPERATOR public.~~ (LEFTARG = h.mood, RIGHTARG = text, FUNCTION = h.op_mood_text);
CREATE OPERATOR public.~~* (LEFTARG = h.mood, RIGHTARG = text, FUNCTION = h.op_mood_text);
CREATE OPERATOR public.~ (LEFTARG = h.mood, RIGHTARG = text, FUNCTION = h.op_mood_text);
CREATE OPERATOR public.!~~ (LEFTARG = h.mood, RIGHTARG = text, FUNCTION = h.op_mood_text);
CREATE TABLE h.opts (o h.opt, m h.mood);
INSERT INTO h.opts VALUES (ROW(1), 'sad'), (ROW(2), 'happy');
CREATE VIEW h.v_operator AS SELECT 1 OPERATOR(h.%%%) 2 AS r;
CREATE VIEW h.v_implied AS SELECT 1 AS one FROM h.opts WHERE o IN (ROW(1)::h.opt, ROW(3)::h.opt);
-- An operator class of its own order: ORDER BY, DISTINCT and GROUP BY call it.
CREATE FUNCTION h.cmp(h.opt, h.opt) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN ($1).x - ($2).x; END $$;
CREATE FUNCTION h.opt_less(h.opt, h.opt) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x < ($2).x';
CREATE FUNCTION h.opt_eq(h.opt, h.opt) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x = ($2).x';
CREATE OPERATOR h.<! (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.opt_less, COMMUTATOR = OPERATOR(h.>!));
CREATE OPERATOR h.<=! (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.opt_less);
CREATE OPERATOR h.==! (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.opt_eq, MERGES, HASHES);
CREATE OPERATOR h.>=! (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.opt_less);
CREATE OPERATOR h.>! (LEFTARG = h.opt, RIGHTARG = h.opt, FUNCTION = h.opt_less, COMMUTATOR = OPERATOR(h.<!));
CREATE OPERATOR CLASS h.opt_ops DEFAULT FOR TYPE h.opt USING btree AS
  OPERATOR 1 h.<!, OPERATOR 2 h.<=!, OPERATOR 3 h.==!, OPERATOR 4 h.>=!, OPERATOR 5 h.>!, FUNCTION 1 h.cmp(h.opt, h.opt);
-- A hash class.
CREATE TYPE h.hashed AS (x int);
CREATE FUNCTION h.hash(h.hashed) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN ($1).x; END $$;
CREATE FUNCTION h.hashed_eq(h.hashed, h.hashed) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x = ($2).x';
CREATE OPERATOR h.=# (LEFTARG = h.hashed, RIGHTARG = h.hashed, FUNCTION = h.hashed_eq, HASHES);
CREATE OPERATOR CLASS h.hashed_ops DEFAULT FOR TYPE h.hashed USING hash AS OPERATOR 1 h.=#, FUNCTION 1 h.hash(h.hashed);
CREATE FUNCTION h.hashed_cmp(h.hashed, h.hashed) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x - ($2).x';
CREATE FUNCTION h.hashed_lt(h.hashed, h.hashed) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x < ($2).x';
CREATE OPERATOR h.<# (LEFTARG = h.hashed, RIGHTARG = h.hashed, FUNCTION = h.hashed_lt);
CREATE OPERATOR h.<=# (LEFTARG = h.hashed, RIGHTARG = h.hashed, FUNCTION = h.hashed_lt);
CREATE OPERATOR h.># (LEFTARG = h.hashed, RIGHTARG = h.hashed, FUNCTION = h.hashed_lt);
CREATE OPERATOR h.>=# (LEFTARG = h.hashed, RIGHTARG = h.hashed, FUNCTION = h.hashed_lt);
CREATE OPERATOR CLASS h.hashed_order DEFAULT FOR TYPE h.hashed USING btree AS
  OPERATOR 1 h.<#, OPERATOR 2 h.<=#, OPERATOR 3 h.=#, OPERATOR 4 h.>=#, OPERATOR 5 h.>#, FUNCTION 1 h.hashed_cmp(h.hashed, h.hashed);
-- A type whose default equality is hostile.
CREATE TYPE h.equal AS (x int);
CREATE FUNCTION h.equal_eq(h.equal, h.equal) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE FUNCTION h.equal_hash(h.equal) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION h.equal_cmp(h.equal, h.equal) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 0';
CREATE OPERATOR h.=~! (LEFTARG = h.equal, RIGHTARG = h.equal, FUNCTION = h.equal_eq, HASHES, MERGES);
CREATE OPERATOR CLASS h.equal_hashed DEFAULT FOR TYPE h.equal USING hash AS OPERATOR 1 h.=~!, FUNCTION 1 h.equal_hash(h.equal);
CREATE OPERATOR CLASS h.equal_order DEFAULT FOR TYPE h.equal USING btree AS OPERATOR 3 h.=~!, FUNCTION 1 h.equal_cmp(h.equal, h.equal);
CREATE TABLE h.equals (e h.equal);
INSERT INTO h.equals SELECT ROW(i)::h.equal FROM generate_series(1, 5) i;
CREATE TABLE h.hashes (a h.hashed);
INSERT INTO h.hashes SELECT ROW(i % 10)::h.hashed FROM generate_series(1, 50) i;
-- An operator with hostile selectivity estimators: planning calls them.
CREATE FUNCTION h.plain_eq(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
-- An operator class used only by USING, and a window frame support function.
CREATE TYPE h.framed AS (x int);
CREATE FUNCTION h.framed_cmp(h.framed, h.framed) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x - ($2).x';
CREATE FUNCTION h.framed_lt(h.framed, h.framed) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x < ($2).x';
CREATE FUNCTION h.framed_eq(h.framed, h.framed) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x = ($2).x';
CREATE FUNCTION h.framed_in_range(h.framed, h.framed, int, boolean, boolean) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM h.mark(); RETURN true; END $$;
CREATE OPERATOR h.<<! (LEFTARG = h.framed, RIGHTARG = h.framed, FUNCTION = h.framed_lt);
CREATE OPERATOR h.<<=! (LEFTARG = h.framed, RIGHTARG = h.framed, FUNCTION = h.framed_lt);
CREATE OPERATOR h.<=>! (LEFTARG = h.framed, RIGHTARG = h.framed, FUNCTION = h.framed_eq);
CREATE OPERATOR h.>>=! (LEFTARG = h.framed, RIGHTARG = h.framed, FUNCTION = h.framed_lt);
CREATE OPERATOR h.>>! (LEFTARG = h.framed, RIGHTARG = h.framed, FUNCTION = h.framed_lt);
CREATE OPERATOR CLASS h.framed_ops DEFAULT FOR TYPE h.framed USING btree AS
  OPERATOR 1 h.<<!, OPERATOR 2 h.<<=!, OPERATOR 3 h.<=>!, OPERATOR 4 h.>>=!, OPERATOR 5 h.>>!, FUNCTION 1 h.framed_cmp(h.framed, h.framed),
  FUNCTION 3 (h.framed, int) h.framed_in_range(h.framed, h.framed, int, boolean, boolean);
CREATE TABLE h.frames (f h.framed);
INSERT INTO h.frames SELECT ROW(i)::h.framed FROM generate_series(1, 5) i;

-- name: operator-qualified
SELECT 1 OPERATOR(h.%%%) 2
-- name: operator-unqualified
SELECT 1 <^> 2
-- name: operator-prefix
SELECT @#@ 5
-- name: operator-shadowing-qualified
SELECT 1 OPERATOR(h.+) 2
-- name: operator-in-view
SELECT * FROM h.v_operator
-- name: operator-implied-in-view
SELECT * FROM h.v_implied
-- name: equals-user-type
SELECT count(*) FROM h.opts WHERE o = ROW(1)::h.opt
-- name: in-list
SELECT count(*) FROM h.opts WHERE o IN (ROW(1)::h.opt, ROW(2)::h.opt)
-- name: not-in
SELECT count(*) FROM h.opts WHERE o NOT IN (ROW(1)::h.opt)
-- name: any
SELECT count(*) FROM h.opts WHERE o = ANY (ARRAY[ROW(1)::h.opt])
-- name: in-subquery
SELECT count(*) FROM h.opts WHERE o IN (SELECT o FROM h.opts)
-- name: case-operand
SELECT CASE o WHEN ROW(1)::h.opt THEN 1 END FROM h.opts
-- name: nullif
SELECT nullif(o, ROW(1)::h.opt) FROM h.opts
-- name: is-distinct-from
SELECT o IS DISTINCT FROM ROW(1)::h.opt FROM h.opts
-- name: between
SELECT count(*) FROM h.opts WHERE o BETWEEN ROW(0)::h.opt AND ROW(5)::h.opt
-- name: between-symmetric
SELECT count(*) FROM h.opts WHERE o BETWEEN SYMMETRIC ROW(0)::h.opt AND ROW(5)::h.opt
-- name: join-using
SELECT count(*) FROM h.opts a JOIN h.opts b USING (o)
-- name: natural-join
SELECT count(*) FROM h.opts a NATURAL JOIN (SELECT o FROM h.opts) b
-- name: enum-equals
SELECT count(*) FROM h.opts WHERE m = 'sad'
-- name: like-overload
SELECT count(*) FROM h.opts WHERE m LIKE 's%'
-- name: not-like-overload
SELECT count(*) FROM h.opts WHERE m NOT LIKE 's%'
-- name: ilike-overload
SELECT count(*) FROM h.opts WHERE m ILIKE 'S%'
-- name: regexp-overload
SELECT count(*) FROM h.opts WHERE m ~ 's'
-- name: order-by-operator-class
SELECT o FROM h.opts ORDER BY o
-- name: order-by-using
SELECT o FROM h.opts ORDER BY o USING OPERATOR(h.<!)
-- name: distinct-operator-class
SELECT DISTINCT o FROM h.opts
-- name: group-by-operator-class
SELECT o, count(*) FROM h.opts GROUP BY o
-- name: union-operator-class
SELECT o FROM h.opts UNION SELECT o FROM h.opts
-- name: except-operator-class
SELECT o FROM h.opts EXCEPT SELECT ROW(7)::h.opt
-- name: window-order-operator-class
SELECT rank() OVER (ORDER BY o) FROM h.opts
-- name: window-partition-operator-class
SELECT count(*) OVER (PARTITION BY o) FROM h.opts
-- name: greatest-operator-class
SELECT greatest(o, ROW(1)::h.opt) FROM h.opts
-- name: array-comparison-operator-class
SELECT ARRAY[o] < ARRAY[ROW(5)::h.opt] FROM h.opts
-- name: array-order-operator-class
SELECT ARRAY[o] FROM h.opts ORDER BY 1
-- name: count-distinct-operator-class
SELECT count(DISTINCT o) FROM h.opts
-- name: array-position-equality
SELECT array_position(array_agg(e), ROW(9)::h.equal) FROM h.equals
-- name: array-remove-equality
SELECT array_remove(array_agg(e), ROW(9)::h.equal) FROM h.equals
-- name: array-overlap-equality
SELECT array_agg(e) && ARRAY[ROW(9)::h.equal] FROM h.equals
-- name: array-contains-equality
SELECT array_agg(e) @> ARRAY[ROW(9)::h.equal] FROM h.equals
-- name: array-replace-equality
SELECT array_replace(array_agg(e), ROW(9)::h.equal, NULL) FROM h.equals
-- name: group-by-equality
SELECT count(*) FROM h.equals GROUP BY e
-- name: join-whole-rows
SELECT count(*) FROM h.equals a JOIN h.equals b ON a = b
-- name: in-whole-rows
SELECT count(*) FROM h.equals a WHERE a IN (SELECT b FROM h.equals b)
-- name: distinct-whole-rows
SELECT DISTINCT a FROM h.opts a
-- name: mode-operator-class
SELECT mode() WITHIN GROUP (ORDER BY o) FROM h.opts
-- name: hash-group
SELECT count(*) FROM (SELECT a FROM h.hashes GROUP BY a) s
-- name: hash-distinct
SELECT DISTINCT a FROM h.hashes
-- name: hash-union
SELECT a FROM h.hashes UNION SELECT a FROM h.hashes
-- name: hash-array-function
SELECT count(*) FROM h.hashes x JOIN h.hashes y ON ARRAY[x.a] = ARRAY[y.a]
-- name: window-in-range
SELECT count(*) OVER (ORDER BY f RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM h.frames
-- name: row-comparison-operator-class
SELECT ROW(o, 1::int) < ROW(o, 2) FROM (SELECT ARRAY[o] AS o FROM h.opts) s
-- name: row-comparison-operator-qualified
SELECT ROW(o, o) OPERATOR(h.<!) ROW(o, o) FROM h.opts
-- name: min-array
SELECT array_agg(DISTINCT o) FROM h.opts
-- name: sort-in-aggregate
SELECT array_agg(o ORDER BY o) FROM h.opts
-- name: record-order
SELECT ROW(o, 1) FROM h.opts ORDER BY ROW(o, 1)
-- name: whole-row-order
SELECT 1 FROM h.opts x ORDER BY x
-- name: cycle-of-equality
-- min: 14
WITH RECURSIVE x(e) AS (SELECT e FROM h.equals UNION ALL SELECT x.e FROM x, generate_series(1, 2)) CYCLE e SET c USING p SELECT count(*) FROM x
