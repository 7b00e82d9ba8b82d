-- Functions of users that hide what they do: languages, aliases of built-in code, nesting, conditions, search paths.

-- setup: aliases of built-in code
CREATE FUNCTION h.lower(text, text, boolean) RETURNS text LANGUAGE internal AS 'set_config_by_name';
CREATE FUNCTION h.alias_internal() RETURNS xid8 LANGUAGE internal AS 'pg_current_xact_id';
CREATE FUNCTION h.alias_advisory(bigint) RETURNS boolean LANGUAGE internal AS 'pg_try_advisory_lock_int8';
CREATE FUNCTION h.alias_notify(text, text) RETURNS void LANGUAGE internal AS 'pg_notify';
CREATE FUNCTION h.alias_nextval(regclass) RETURNS bigint LANGUAGE internal AS 'nextval_oid';
CREATE FUNCTION h.alias_seed(float8) RETURNS void LANGUAGE internal AS 'setseed';
CREATE FUNCTION h.alias_xml(text, boolean, boolean, text) RETURNS xml LANGUAGE internal AS 'query_to_xml';
CREATE FUNCTION h.alias_dblink(text, text) RETURNS SETOF record LANGUAGE c AS '$libdir/dblink', 'dblink_record';
CREATE FUNCTION h.alias_crosstab(text) RETURNS SETOF record LANGUAGE c AS '$libdir/tablefunc', 'crosstab';
CREATE FUNCTION h.abs(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all';
CREATE FUNCTION public.pg_sleep(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.now(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.lower(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'x'; END $$;
CREATE FUNCTION public.count(text, text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
CREATE FUNCTION public.round(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN h.mark(); END $$;
-- setup: sql functions
SET check_function_bodies = off;
CREATE FUNCTION h.sql_direct() RETURNS int LANGUAGE sql AS 'SELECT h.mark()';
CREATE FUNCTION h.sql_two_statements() RETURNS int LANGUAGE sql AS 'SELECT h.mark(); SELECT 1';
CREATE FUNCTION h.sql_comment_first() RETURNS int LANGUAGE sql AS '/* only a comment */ SELECT 1 -- h
 FROM h.mark_rows()';
CREATE TABLE h.hidden_log (i int);
CREATE FUNCTION h.sql_insert() RETURNS int LANGUAGE sql AS 'INSERT INTO h.hidden_log VALUES (1) RETURNING 1';
CREATE FUNCTION h.sql_nested1() RETURNS int LANGUAGE sql AS 'SELECT h.sql_direct()';
CREATE FUNCTION h.sql_nested2() RETURNS int LANGUAGE sql AS 'SELECT h.sql_nested1()';
CREATE FUNCTION h.sql_nested3() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN h.sql_nested2(); END';
CREATE FUNCTION h.sql_nested4() RETURNS int LANGUAGE sql AS 'SELECT h.sql_nested3()';
CREATE FUNCTION h.sql_set_local() RETURNS text LANGUAGE sql AS $$SELECT set_config('canary.leftover', 'sql', false)$$;
CREATE SCHEMA hp;
CREATE FUNCTION h.sql_path() RETURNS int LANGUAGE sql SET search_path = hp, pg_catalog AS 'SELECT innocent()';
CREATE FUNCTION hp.innocent() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN h.mark(); END';
CREATE FUNCTION public.innocent() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION hp.upper(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM h.mark(); RETURN 'X'; END $$;
CREATE FUNCTION h.sql_path_shadow() RETURNS text LANGUAGE sql SET search_path = hp, pg_catalog AS $$SELECT upper('a')$$;
CREATE FUNCTION h.plpgsql_path_shadow() RETURNS text LANGUAGE plpgsql SET search_path = hp, pg_catalog AS $$BEGIN RETURN upper('a'); END$$;
CREATE FUNCTION hp.op(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN h.mark(); END';
CREATE OPERATOR hp.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = hp.op);
CREATE FUNCTION h.sql_path_operator() RETURNS int LANGUAGE sql SET search_path = hp, pg_catalog AS 'SELECT 1 + 1';
CREATE TABLE public.path_relation (m int);
CREATE VIEW hp.path_relation AS SELECT h.mark() AS m;
CREATE FUNCTION h.sql_path_relation() RETURNS int LANGUAGE sql SET search_path = hp AS 'SELECT m FROM path_relation';
CREATE FUNCTION h.sql_path_dynamic() RETURNS int LANGUAGE plpgsql AS $$ BEGIN SET LOCAL search_path = hp, pg_catalog; RETURN innocent(); END $$;
CREATE FUNCTION h.sql_default(a int DEFAULT h.mark()) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION h.sql_calls_default() RETURNS int LANGUAGE sql AS 'SELECT h.sql_default()';
CREATE FUNCTION h.hd_check(int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM h.mark(); RETURN true; END';
CREATE DOMAIN h.hd AS int CHECK (h.hd_check(VALUE));
CREATE FUNCTION h.sql_domain() RETURNS int LANGUAGE sql AS 'SELECT (1::h.hd)::int';
CREATE FUNCTION h.sql_recursive(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN IF $1 = 0 THEN RETURN h.mark(); END IF; RETURN h.sql_recursive($1 - 1); END';
CREATE FUNCTION h.mutual_a(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN IF $1 < 1 THEN PERFORM h.mark(); RETURN 1; END IF; RETURN h.mutual_b($1 - 1); END';
CREATE FUNCTION h.mutual_b(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN h.mutual_a($1 - 1); END';
CREATE FUNCTION h.overloaded(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION h.overloaded(text) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN h.mark(); END';
CREATE FUNCTION h.overloaded(int, VARIADIC int[]) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN h.mark(); END';
-- setup: plpgsql functions
SET check_function_bodies = off;
CREATE FUNCTION h.p_assign() RETURNS int LANGUAGE plpgsql AS 'DECLARE i int; BEGIN i := h.mark(); RETURN i; END';
CREATE FUNCTION h.p_declare_default() RETURNS int LANGUAGE plpgsql AS 'DECLARE i int := h.mark(); BEGIN RETURN i; END';
CREATE FUNCTION h.p_declare_type() RETURNS int LANGUAGE plpgsql AS 'DECLARE i h.hd := 5; BEGIN RETURN i; END';
CREATE TYPE h.with_hd AS (a h.hd, b int);
CREATE FUNCTION h.p_declare_composite() RETURNS int LANGUAGE plpgsql AS 'DECLARE r h.with_hd; BEGIN r.a := 5; RETURN 1; END';
CREATE FUNCTION h.p_argument_type(i h.hd) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION h.p_return_type() RETURNS h.hd LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION h.p_out_type(OUT a h.hd) LANGUAGE plpgsql AS 'BEGIN a := 1; END';
CREATE FUNCTION h.p_returns_table() RETURNS TABLE (a h.hd) LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT 1::h.hd; a := 2; RETURN NEXT; END';
CREATE FUNCTION h.p_if() RETURNS int LANGUAGE plpgsql AS 'BEGIN IF h.mark() = 1 THEN RETURN 1; END IF; RETURN 2; END';
CREATE FUNCTION h.p_elsif() RETURNS int LANGUAGE plpgsql AS 'BEGIN IF false THEN RETURN 1; ELSIF h.mark() = 1 THEN RETURN 3; END IF; RETURN 2; END';
CREATE FUNCTION h.p_case() RETURNS int LANGUAGE plpgsql AS 'BEGIN CASE 1 WHEN h.mark() THEN RETURN 1; ELSE RETURN 2; END CASE; END';
CREATE FUNCTION h.p_while() RETURNS int LANGUAGE plpgsql AS 'BEGIN WHILE h.mark() = 2 LOOP NULL; END LOOP; RETURN 1; END';
CREATE FUNCTION h.p_for_bound() RETURNS int LANGUAGE plpgsql AS 'BEGIN FOR i IN 1..h.mark() LOOP NULL; END LOOP; RETURN 1; END';
CREATE FUNCTION h.p_for_by() RETURNS int LANGUAGE plpgsql AS 'BEGIN FOR i IN REVERSE 5..1 BY h.mark() LOOP NULL; END LOOP; RETURN 1; END';
CREATE FUNCTION h.p_for_query() RETURNS int LANGUAGE plpgsql AS 'DECLARE r record; BEGIN FOR r IN SELECT h.mark() LOOP NULL; END LOOP; RETURN 1; END';
CREATE FUNCTION h.p_foreach() RETURNS int LANGUAGE plpgsql AS 'DECLARE r int; BEGIN FOREACH r IN ARRAY ARRAY[h.mark()] LOOP NULL; END LOOP; RETURN 1; END';
CREATE FUNCTION h.p_exit_when() RETURNS int LANGUAGE plpgsql AS 'BEGIN LOOP EXIT WHEN h.mark() = 1; END LOOP; RETURN 1; END';
CREATE FUNCTION h.p_perform() RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM h.mark(); RETURN 1; END';
CREATE FUNCTION h.p_select_into() RETURNS int LANGUAGE plpgsql AS 'DECLARE i int; BEGIN SELECT h.mark() INTO STRICT i; RETURN i; END';
CREATE FUNCTION h.p_cursor() RETURNS int LANGUAGE plpgsql AS 'DECLARE c CURSOR (k int) FOR SELECT h.mark(k); i int; BEGIN OPEN c(1); FETCH c INTO i; CLOSE c; RETURN i; END';
CREATE FUNCTION h.p_cursor_argument() RETURNS int LANGUAGE plpgsql AS 'DECLARE c CURSOR (k int) FOR SELECT k; i int; BEGIN OPEN c(h.mark()); FETCH c INTO i; CLOSE c; RETURN i; END';
CREATE FUNCTION h.p_for_cursor() RETURNS int LANGUAGE plpgsql AS 'DECLARE c CURSOR FOR SELECT h.mark(); BEGIN FOR r IN c LOOP NULL; END LOOP; RETURN 1; END';
CREATE FUNCTION h.p_refcursor() RETURNS int LANGUAGE plpgsql AS 'DECLARE c refcursor; i int; BEGIN OPEN c FOR SELECT h.mark(); FETCH c INTO i; RETURN i; END';
CREATE FUNCTION h.p_refcursor_execute() RETURNS int LANGUAGE plpgsql AS 'DECLARE c refcursor; i int; BEGIN OPEN c FOR EXECUTE ''SELECT h.ma'' || ''rk()''; FETCH c INTO i; RETURN i; END';
CREATE FUNCTION h.p_fetch_count() RETURNS int LANGUAGE plpgsql AS 'DECLARE c CURSOR FOR SELECT 1; i int; BEGIN OPEN c; FETCH RELATIVE h.mark() FROM c INTO i; RETURN 1; END';
CREATE FUNCTION h.p_return_query() RETURNS SETOF int LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT h.mark(); END';
CREATE FUNCTION h.p_return_query_execute() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'SELECT h.' || 'mark()'; END $$;
CREATE FUNCTION h.p_return_next() RETURNS SETOF int LANGUAGE plpgsql AS 'BEGIN RETURN NEXT h.mark(); END';
CREATE FUNCTION h.p_execute() RETURNS int LANGUAGE plpgsql AS $$ DECLARE i int; BEGIN EXECUTE 'SELECT h.mar' || chr(107) || '()' INTO i; RETURN i; END $$;
CREATE FUNCTION h.p_execute_using() RETURNS int LANGUAGE plpgsql AS $$ DECLARE i int; BEGIN EXECUTE 'SELECT $1' INTO i USING h.mark(); RETURN i; END $$;
CREATE FUNCTION h.p_execute_from_table() RETURNS int LANGUAGE plpgsql AS $$ DECLARE i int; BEGIN EXECUTE (SELECT code FROM h.code) INTO i; RETURN i; END $$;
CREATE TABLE h.code (code text); INSERT INTO h.code VALUES ('SELECT h.mark()');
CREATE FUNCTION h.p_for_execute() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT h.mark()' LOOP NULL; END LOOP; RETURN 1; END $$;
CREATE FUNCTION h.p_raise_argument() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'x %', h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.p_raise_using() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE USING MESSAGE = 'x' || h.mark(); RETURN 1; END $$;
CREATE FUNCTION h.p_assert() RETURNS int LANGUAGE plpgsql AS $$ BEGIN ASSERT h.mark() = 1, 'no'; RETURN 1; END $$;
CREATE FUNCTION h.p_assert_message() RETURNS int LANGUAGE plpgsql AS $$ BEGIN BEGIN ASSERT false, 'x' || pg_advisory_lock(54)::text; EXCEPTION WHEN OTHERS THEN NULL; END; RETURN 1; EXCEPTION WHEN assert_failure THEN RETURN 2; END $$;
CREATE FUNCTION h.p_exception_handler() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN RETURN h.mark(); END $$;
CREATE FUNCTION h.p_swallow() RETURNS int LANGUAGE plpgsql AS $$ BEGIN BEGIN PERFORM h.mark(); EXCEPTION WHEN OTHERS THEN NULL; END; RETURN 1; END $$;
CREATE FUNCTION h.p_insert() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO h.hidden_log VALUES (1); RETURN 1; END';
CREATE FUNCTION h.p_set() RETURNS int LANGUAGE plpgsql AS $$ BEGIN SET canary.leftover = 'plpgsql'; RETURN 1; END $$;
CREATE FUNCTION h.p_set_read_write() RETURNS int LANGUAGE plpgsql AS $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO h.hidden_log VALUES (1); RETURN 1; END $$;
CREATE FUNCTION h.p_notify() RETURNS int LANGUAGE plpgsql AS $$ BEGIN NOTIFY canary, 'plpgsql'; RETURN 1; END $$;
CREATE FUNCTION h.p_temp_table() RETURNS int LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE IF NOT EXISTS t_hidden (i int); RETURN 1; END $$;
CREATE FUNCTION h.p_call() RETURNS int LANGUAGE plpgsql AS $$ BEGIN CALL h.proc(); RETURN 1; END $$;
CREATE FUNCTION h.p_do_in_execute() RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DO ''BEGIN PERFORM h.mark(); END'''; RETURN 1; END $$;
CREATE FUNCTION h.p_lock() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_lock(5); RETURN 1; END $$;
CREATE FUNCTION h.p_nested_block() RETURNS int LANGUAGE plpgsql AS $$ BEGIN <<inner_one>> DECLARE i int; BEGIN i := 1; BEGIN i := h.mark(); END; END; RETURN 1; END $$;
CREATE FUNCTION h.p_conditional_user() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF current_setting('application_name') <> 'never' THEN RETURN h.mark(); END IF; RETURN 1; END $$;
CREATE FUNCTION h.p_conditional_recovery() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF NOT pg_is_in_recovery() THEN PERFORM h.mark(); END IF; RETURN 1; END $$;
CREATE FUNCTION h.p_conditional_read_only() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF current_setting('transaction_read_only') IN ('on', 'off') THEN PERFORM h.mark(); END IF; RETURN 1; END $$;
CREATE FUNCTION h.p_conditional_not_in_prepare() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF current_query() NOT LIKE 'PREPARE%' THEN PERFORM h.mark(); END IF; RETURN 1; END $$;
CREATE FUNCTION h.p_dollar_quoted_body() RETURNS int LANGUAGE plpgsql AS $body$ BEGIN /* $$ END; */ PERFORM h.mark(); RETURN 1; END $body$;
CREATE FUNCTION h.p_variable_conflict() RETURNS int LANGUAGE plpgsql AS $$ #variable_conflict use_column
DECLARE id int := 1; BEGIN RETURN (SELECT h.mark(id) FROM h.canary LIMIT 1); END $$;
CREATE FUNCTION h.p_definer() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN h.mark(); END';
CREATE FUNCTION h.p_definer_read_file() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN pg_read_file('{{canary}}/secret.txt'); END $$;
CREATE FUNCTION h.sql_definer_read_file() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT pg_read_file('{{canary}}/secret.txt') $$;
CREATE FUNCTION h.p_definer_reset() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM pg_stat_reset(); RETURN 1; END $$;
CREATE FUNCTION h.p_array_assign() RETURNS int LANGUAGE plpgsql AS 'DECLARE a int[]; BEGIN a[h.mark()] := 1; RETURN 1; END';
CREATE FUNCTION h.p_record_return() RETURNS record LANGUAGE plpgsql AS 'BEGIN RETURN ROW(h.mark(), 1); END';
CREATE FUNCTION h.p_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM h.mark(); RETURN NEW; END';
CREATE FUNCTION h.p_default_for_composite() RETURNS int LANGUAGE plpgsql AS 'DECLARE r h.canary%ROWTYPE; BEGIN r.id := h.mark(); RETURN r.id; END';
CREATE FUNCTION h.p_operator() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1 OPERATOR(hp.+) 1; END';
CREATE FUNCTION h.p_column_notation() RETURNS int LANGUAGE plpgsql AS 'DECLARE r h.hidden_row; BEGIN r.a := 1; RETURN (r).computed_hidden; END';
CREATE TYPE h.hidden_row AS (a int);
CREATE FUNCTION public.computed_hidden(h.hidden_row) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN h.mark(); END';
-- setup: atomic bodies
-- min: 14
CREATE FUNCTION h.atomic() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT h.mark(); END;
CREATE FUNCTION h.atomic_return() RETURNS int LANGUAGE sql RETURN h.mark();
CREATE FUNCTION h.atomic_insert() RETURNS int LANGUAGE sql BEGIN ATOMIC INSERT INTO h.hidden_log VALUES (1) RETURNING 1; END;
CREATE FUNCTION h.atomic_two() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT h.mark(); SELECT 1; END;
CREATE FUNCTION h.atomic_operator() RETURNS int LANGUAGE sql RETURN 1 OPERATOR(hp.+) 2;
CREATE FUNCTION h.atomic_domain() RETURNS int LANGUAGE sql RETURN 7::h.hd;
CREATE FUNCTION h.atomic_default(a int DEFAULT h.mark()) RETURNS int LANGUAGE sql RETURN a;
-- setup: configuration
CREATE FUNCTION h.configured() RETURNS int LANGUAGE plpgsql SET session_replication_role = replica AS 'BEGIN RETURN h.mark(); END';

-- name: alias-internal
SELECT h.alias_internal()
-- name: alias-set-config
SELECT h.lower('canary.leftover', 'alias', false)
-- name: alias-advisory
SELECT h.alias_advisory(99)
-- name: alias-notify
SELECT h.alias_notify('canary', 'alias')
-- name: alias-nextval
SELECT h.alias_nextval('h.canary_seq')
-- name: alias-seed
SELECT h.alias_seed(0.42)
-- name: alias-query-to-xml
SELECT h.alias_xml('SELECT h.mark()', true, true, '')
-- name: alias-crosstab
SELECT * FROM h.alias_crosstab('SELECT 1, 1, h.mark()') AS x(a int, b int)
-- name: alias-read-file
-- as: superuser
SELECT h.abs('{{canary}}/secret.txt')
-- name: overload-of-pg-sleep
SELECT pg_sleep('1'::text)
-- name: overload-of-now
SELECT now(1)
-- name: overload-of-lower
SELECT lower(5)
-- name: overload-of-count
SELECT count('a'::text, 'b'::text)
-- name: overload-of-round
SELECT round('1'::text)
-- name: sql-direct
SELECT h.sql_direct()
-- name: sql-two-statements
SELECT h.sql_two_statements()
-- name: sql-comment-first
SELECT h.sql_comment_first()
-- name: sql-insert
SELECT h.sql_insert()
-- name: sql-nested
SELECT h.sql_nested2()
-- name: sql-plpgsql-sql-nested
SELECT h.sql_nested4()
-- name: sql-set-config
SELECT h.sql_set_local()
-- name: sql-search-path
SELECT h.sql_path()
-- name: sql-search-path-shadows-builtin
SELECT h.sql_path_shadow()
-- name: plpgsql-search-path-shadows-builtin
SELECT h.plpgsql_path_shadow()
-- name: sql-search-path-operator
SELECT h.sql_path_operator()
-- name: sql-search-path-relation
SELECT h.sql_path_relation()
-- name: plpgsql-set-local-search-path
SELECT h.sql_path_dynamic()
-- name: sql-calls-default
SELECT h.sql_calls_default()
-- name: sql-domain
SELECT h.sql_domain()
-- name: recursive
SELECT h.sql_recursive(3)
-- name: mutually-recursive
SELECT h.mutual_a(5)
-- name: overload-text
SELECT h.overloaded('x'::text)
-- name: overload-variadic
SELECT h.overloaded(1, 2, 3)
-- name: plpgsql-assign
SELECT h.p_assign()
-- name: plpgsql-declare-default
SELECT h.p_declare_default()
-- name: plpgsql-declare-domain
SELECT h.p_declare_type()
-- name: plpgsql-declare-composite-with-domain
SELECT h.p_declare_composite()
-- name: plpgsql-argument-domain
SELECT h.p_argument_type(5)
-- name: plpgsql-return-domain
SELECT h.p_return_type()
-- name: plpgsql-out-domain
SELECT h.p_out_type()
-- name: plpgsql-returns-table-domain
SELECT * FROM h.p_returns_table()
-- name: plpgsql-if
SELECT h.p_if()
-- name: plpgsql-elsif
SELECT h.p_elsif()
-- name: plpgsql-case
SELECT h.p_case()
-- name: plpgsql-while
SELECT h.p_while()
-- name: plpgsql-for-bound
SELECT h.p_for_bound()
-- name: plpgsql-for-by
SELECT h.p_for_by()
-- name: plpgsql-for-query
SELECT h.p_for_query()
-- name: plpgsql-foreach
SELECT h.p_foreach()
-- name: plpgsql-exit-when
SELECT h.p_exit_when()
-- name: plpgsql-perform
SELECT h.p_perform()
-- name: plpgsql-select-into
SELECT h.p_select_into()
-- name: plpgsql-cursor
SELECT h.p_cursor()
-- name: plpgsql-cursor-argument
SELECT h.p_cursor_argument()
-- name: plpgsql-for-cursor
SELECT h.p_for_cursor()
-- name: plpgsql-refcursor
SELECT h.p_refcursor()
-- name: plpgsql-refcursor-execute
SELECT h.p_refcursor_execute()
-- name: plpgsql-fetch-count
SELECT h.p_fetch_count()
-- name: plpgsql-return-query
SELECT * FROM h.p_return_query()
-- name: plpgsql-return-query-execute
SELECT * FROM h.p_return_query_execute()
-- name: plpgsql-return-next
SELECT * FROM h.p_return_next()
-- name: plpgsql-execute
SELECT h.p_execute()
-- name: plpgsql-execute-using
SELECT h.p_execute_using()
-- name: plpgsql-execute-from-table
SELECT h.p_execute_from_table()
-- name: plpgsql-for-execute
SELECT h.p_for_execute()
-- name: plpgsql-raise-argument
SELECT h.p_raise_argument()
-- name: plpgsql-raise-using
SELECT h.p_raise_using()
-- name: plpgsql-assert
SELECT h.p_assert()
-- name: plpgsql-assert-message
SELECT h.p_assert_message()
-- name: plpgsql-exception-handler
SELECT h.p_exception_handler()
-- name: plpgsql-swallow
SELECT h.p_swallow()
-- name: plpgsql-insert
SELECT h.p_insert()
-- name: plpgsql-set
SELECT h.p_set()
-- name: plpgsql-set-read-write
SELECT h.p_set_read_write()
-- name: plpgsql-notify
SELECT h.p_notify()
-- name: plpgsql-temp-table
SELECT h.p_temp_table()
-- name: plpgsql-call
SELECT h.p_call()
-- name: plpgsql-do
SELECT h.p_do_in_execute()
-- name: plpgsql-lock
SELECT h.p_lock()
-- name: plpgsql-nested-block
SELECT h.p_nested_block()
-- name: plpgsql-conditional-setting
SELECT h.p_conditional_user()
-- name: plpgsql-conditional-recovery
SELECT h.p_conditional_recovery()
-- name: plpgsql-conditional-read-only
SELECT h.p_conditional_read_only()
-- name: plpgsql-conditional-current-query
SELECT h.p_conditional_not_in_prepare()
-- name: plpgsql-comment-in-body
SELECT h.p_dollar_quoted_body()
-- name: plpgsql-variable-conflict
SELECT h.p_variable_conflict()
-- name: plpgsql-security-definer
SELECT h.p_definer()
-- name: plpgsql-security-definer-read-file
SELECT h.p_definer_read_file()
-- name: sql-security-definer-read-file
SELECT h.sql_definer_read_file()
-- name: plpgsql-security-definer-stat-reset
SELECT h.p_definer_reset()
-- name: plpgsql-array-assign
SELECT h.p_array_assign()
-- name: plpgsql-record-return
SELECT h.p_record_return()
-- name: plpgsql-rowtype
SELECT h.p_default_for_composite()
-- name: plpgsql-operator
SELECT h.p_operator()
-- name: plpgsql-column-notation
SELECT h.p_column_notation()
-- name: plpgsql-configured
-- as: superuser
SELECT h.configured()
-- name: atomic
-- min: 14
SELECT h.atomic()
-- name: atomic-return
-- min: 14
SELECT h.atomic_return()
-- name: atomic-insert
-- min: 14
SELECT h.atomic_insert()
-- name: atomic-two
-- min: 14
SELECT h.atomic_two()
-- name: atomic-operator
-- min: 14
SELECT h.atomic_operator()
-- name: atomic-domain
-- min: 14
SELECT h.atomic_domain()
-- name: atomic-default
-- min: 14
SELECT h.atomic_default()
