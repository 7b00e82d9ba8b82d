//! The same for what the database holds: relations, bodies, settings, and the server's own functions.

use howdah_testkit::{majors, server};

use super::arena::Arena;

class!(what_planning_computes, arena, {
    arena
        .setup(
            "CREATE TABLE indexed (id int, name text); CREATE INDEX ON indexed (fine(id)); INSERT INTO indexed VALUES (1, 'a');
             CREATE TABLE trapped (id int, name text)",
        )
        .await;
    arena
        .harmless("an index on an expression", "SELECT * FROM indexed WHERE id = 1")
        .await;
    // Put there behind the server's back of checks: empty tables do not run the expression.
    arena
        .setup("CREATE INDEX ON trapped ((id + evil(1))); CREATE TABLE kept (id int)")
        .await;
    arena
        .attack(
            "a constant call in an index",
            "SELECT * FROM trapped WHERE id = 1",
        )
        .await;
    arena.setup("CREATE INDEX ON kept (evil(id)); CREATE TABLE pred (id int); CREATE INDEX ON pred (id) WHERE evil_true(id)").await;
    arena
        .harmless(
            "a call on a column in an index",
            "SELECT * FROM kept WHERE id = 1",
        )
        .await;
    arena
        .harmless(
            "a call on a column in a predicate",
            "SELECT * FROM pred WHERE id = 1",
        )
        .await;
    arena
        .setup(
            "CREATE TABLE limited (id int CHECK (id > evil(0)));
             CREATE TABLE defaulted (id int DEFAULT evil(1), other int DEFAULT 1);
             CREATE TABLE sequenced (id serial, other int);
             CREATE TABLE parts (id int, k int) PARTITION BY RANGE (k);
             CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
             CREATE INDEX ON part1 ((id + evil(1)))",
        )
        .await;
    arena
        .attack("a check", "SELECT * FROM limited WHERE id = 1")
        .await;
    arena
        .attack("an index of a partition", "SELECT * FROM parts WHERE id = 1")
        .await;
    arena
        .attack("a default", "EXPLAIN INSERT INTO defaulted (other) VALUES (1)")
        .await;
    arena
        .harmless("a default that is not used", "SELECT * FROM defaulted")
        .await;
    let plan = super::arena::run(
        &arena.target("postgres"),
        "EXPLAIN INSERT INTO sequenced (other) VALUES (1)",
    )
    .await;
    plan.unwrap();
    if arena.server.major() >= 14 {
        arena
            .setup(
                "CREATE TABLE counted (a int, b int); CREATE STATISTICS s ON ((a + evil(1))), b FROM counted",
            )
            .await;
        arena
            .attack(
                "extended statistics",
                "SELECT * FROM counted WHERE a = 1 AND b = 2",
            )
            .await;
    }
    if arena.server.major() >= 18 {
        let made = arena
            .probe
            .batch_execute("CREATE TABLE made (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL); GRANT SELECT ON made TO PUBLIC")
            .await;
        made.unwrap();
        arena
            .harmless("a virtual generated column", "SELECT * FROM made")
            .await;
    }
});

class!(bodies_of_functions, arena, {
    arena
        .setup(
            "CREATE FUNCTION outer_sql() RETURNS int LANGUAGE sql AS $$ SELECT evil() $$;
             CREATE FUNCTION outer_two() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT outer_sql() $$;
             CREATE FUNCTION outer_plpgsql() RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int; BEGIN x := outer_two(); RETURN x; END $$;
             CREATE FUNCTION by_default(x int DEFAULT evil()) RETURNS int LANGUAGE sql AS $$ SELECT $1 $$;
             CREATE FUNCTION dynamic(text) RETURNS int LANGUAGE plpgsql AS $$ DECLARE x int; BEGIN EXECUTE $1 INTO x; RETURN x; END $$;
             CREATE DOMAIN checked AS int CHECK (evil_true(VALUE));
             CREATE TYPE holder AS (c checked);
             CREATE FUNCTION declares() RETURNS int LANGUAGE plpgsql AS $$ DECLARE x checked := 1; BEGIN RETURN 1; END $$;
             CREATE FUNCTION declares_row() RETURNS int LANGUAGE plpgsql AS $$ DECLARE x holder; BEGIN x := '(1)'; RETURN 1; END $$;
             CREATE FUNCTION declares_record() RETURNS int LANGUAGE plpgsql AS $$ DECLARE r record := ROW(evil()); BEGIN RETURN 1; END $$;
             CREATE FUNCTION returns_checked() RETURNS checked LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
             CREATE FUNCTION returns_checked_sql() RETURNS checked LANGUAGE sql AS $$ SELECT 1 $$;
             CREATE FUNCTION takes_checked(checked) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
             CREATE FUNCTION writer() RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (0); RETURN 1; END $$;
             CREATE FUNCTION reader(lo int, hi int DEFAULT 5) RETURNS SETOF t LANGUAGE sql STABLE AS $$ SELECT * FROM t WHERE id BETWEEN lo AND hi $$;
             CREATE FUNCTION summed(n int) RETURNS numeric LANGUAGE plpgsql STABLE SET search_path = public AS $$
             DECLARE r record; total numeric := 0;
             BEGIN
                FOR r IN SELECT * FROM t AS x WHERE x.id <= summed.n LOOP
                    IF r.id % 2 = 0 THEN CONTINUE; END IF;
                    total := total + r.n;
                END LOOP;
                RAISE DEBUG 'total %', total;
                RETURN total;
             EXCEPTION WHEN division_by_zero THEN RETURN NULL;
             END $$;
             CREATE FUNCTION fact(n int) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN IF n <= 1 THEN RETURN 1; END IF; RETURN n * fact(n - 1); END $$;
             CREATE FUNCTION leaky(internal_name text) RETURNS text LANGUAGE sql AS $$ SELECT pg_read_file(internal_name) $$;
             CREATE FUNCTION harmless_name(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'",
        )
        .await;
    for sql in [
        "SELECT outer_sql()",
        "SELECT outer_two()",
        "SELECT outer_plpgsql()",
        "SELECT by_default()",
        "SELECT dynamic('SELECT evil()')",
        "SELECT writer()",
        "SELECT declares()",
        "SELECT declares_row()",
        "SELECT declares_record()",
        "SELECT returns_checked()",
        "SELECT returns_checked_sql()",
        "SELECT takes_checked('1')",
        "SELECT takes_checked(1)",
        "SELECT leaky('PG_VERSION')",
        "SELECT harmless_name('PG_VERSION')",
    ] {
        arena.attack("a body", sql).await;
    }
    for sql in [
        "SELECT * FROM reader(1)",
        "SELECT summed(10)",
        "SELECT fact(5)",
        "SELECT * FROM reader(lo => 1, hi => 2)",
    ] {
        arena.harmless("a body", sql).await;
    }
    if arena.server.major() >= 14 {
        arena
            .setup(
                "CREATE FUNCTION atomic_bad() RETURNS int LANGUAGE sql BEGIN ATOMIC; SELECT evil(); END;
                 CREATE FUNCTION atomic_good(x int) RETURNS int LANGUAGE sql RETURN x + (SELECT count(*) FROM t)",
            )
            .await;
        arena.attack("a body that is a tree", "SELECT atomic_bad()").await;
        arena
            .harmless("a body that is a tree", "SELECT atomic_good(1)")
            .await;
    }
});

class!(names_that_hide_others, arena, {
    arena
        .setup(
            "CREATE FUNCTION public.lower(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil(); RETURN ''; END $$;
             CREATE FUNCTION public.upper(varchar) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM evil(); RETURN ''; END $$;
             CREATE SCHEMA other;
             CREATE FUNCTION other.abs(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN evil(); END $$;
             CREATE VIEW other.t AS SELECT evil() AS id;
             GRANT USAGE ON SCHEMA other TO PUBLIC; GRANT SELECT ON other.t TO PUBLIC",
        )
        .await;
    arena.attack("an overload", "SELECT lower(1)").await;
    arena.attack("an overload", "SELECT upper('x'::varchar)").await;
    arena.attack("a schema", "SELECT other.abs(1)").await;
    arena.attack("a schema", "SELECT * FROM other.t").await;
    // What is meant is the server's own, and the analyser says so.
    arena
        .harmless(
            "an overload that is not meant",
            "SELECT lower(name), upper(name) FROM t",
        )
        .await;
    arena
        .harmless("a schema that is not searched", "SELECT abs(id) FROM t")
        .await;
    let name = &arena.database.name;
    arena
        .setup(&format!(
            "ALTER DATABASE {name} SET search_path = other, public, pg_catalog"
        ))
        .await;
    arena.attack("the search path", "SELECT abs(1)").await;
    arena.attack("the search path", "SELECT * FROM t").await;
    arena
        .harmless(
            "the search path",
            "SELECT pg_catalog.abs(1), (SELECT count(*) FROM public.t)",
        )
        .await;
});

class!(names_at_the_limit, arena, {
    let long = "a".repeat(63);
    let umlauts = "ä".repeat(31);
    arena
        .setup(&format!(
            "CREATE FUNCTION {long}() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN evil(); END $$;
             CREATE FUNCTION {umlauts}() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN evil(); END $$;
             CREATE FUNCTION \"Mixed \"\" Case\"() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN evil(); END $$;
             CREATE FUNCTION \":funcid\"() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN evil(); END $$;
             CREATE FUNCTION \"Größe\"() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$"
        ))
        .await;
    for sql in [
        format!("SELECT {long}()"),
        format!("SELECT {long}bbb()"),
        format!("SELECT {}()", long.to_uppercase()),
        format!("SELECT {umlauts}ö()"),
        "SELECT \"Mixed \"\" Case\"()".to_owned(),
        "SELECT U&\"Mixed \\0022 Case\"()".to_owned(),
        "SELECT U&\"!0065vil\" UESCAPE '!' ()".to_owned(),
        "SELECT \":funcid\"()".to_owned(),
        "SELECT/**/public/**/./**/EVIL/**/(/**/)".to_owned(),
    ] {
        arena.attack("a name", &sql).await;
    }
    arena
        .harmless("a name", "SELECT \"Größe\"() AS \"Grö \"\" ße\"")
        .await;
    // Aliases that the analyser's tree shows, where names leave a doubt.
    arena
        .setup("CREATE FUNCTION lower(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN evil(); END'")
        .await;
    for alias in [":funcid", "} {FUNCEXPR :funcid 1", "a b\\ c(", &"x y(".repeat(15)] {
        let alias = alias.replace('"', "\"\"");
        let sql = format!("SELECT lower(\"{alias}\".name) AS \"{alias}\" FROM t AS \"{alias}\" LIMIT 1");
        let _ = super::arena::run(&arena.target("plain"), &sql).await;
        arena
            .attack(
                "an alias",
                &format!("SELECT lower(1) AS \"{alias}\" FROM t AS \"{alias}\""),
            )
            .await;
    }
});

class!(the_servers_own_functions, arena, {
    let mut attacks = vec![
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_ls_dir('.')",
        "SELECT * FROM pg_stat_file('PG_VERSION')",
        "SELECT lo_create(4711)",
        "SELECT lo_import('/etc/passwd')",
        "SELECT query_to_xml('SELECT evil()', true, true, '')",
        "SELECT * FROM ts_stat('SELECT ''a''::tsvector FROM (SELECT evil()) x')",
        "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery')",
        "SELECT database_to_xml(true, true, '')",
        "SELECT set_config('work_mem', '1MB', false)",
        "SELECT setseed(0.5)",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock(1)",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT pg_notify('a', 'b')",
        "SELECT pg_terminate_backend(1)",
        "SELECT pg_cancel_backend(1)",
        "SELECT pg_reload_conf()",
        "SELECT pg_rotate_logfile()",
        "SELECT pg_create_physical_replication_slot('a')",
        "SELECT pg_switch_wal()",
        "SELECT pg_create_restore_point('a')",
        "SELECT pg_stat_reset()",
        "SELECT nextval('s')",
        "SELECT setval('s', 5)",
        "SELECT txid_current()",
        "SELECT pg_export_snapshot()",
        "SELECT pg_import_system_collations('public')",
        "SELECT pg_logical_emit_message(false, 'a', 'b')",
        "SELECT pg_replication_origin_create('a')",
        "SELECT brin_summarize_new_values('t'::regclass)",
        "SELECT plpgsql_call_handler()",
    ];
    if arena.server.major() >= 14 {
        attacks.push("SELECT pg_log_backend_memory_contexts(pg_backend_pid())");
    }
    arena
        .setup("CREATE SEQUENCE s; CREATE INDEX ON t USING brin (id)")
        .await;
    for sql in attacks {
        arena.attack("a function of the server", sql).await;
    }
    for sql in [
        "SELECT now(), clock_timestamp(), random(), gen_random_uuid(), pg_sleep(0)",
        "SELECT pg_size_pretty(pg_total_relation_size('t')), pg_database_size(current_database())",
        "SELECT pg_get_viewdef('pg_stat_activity'::regclass), pg_get_indexdef(indexrelid) FROM pg_index LIMIT 3",
        "SELECT current_setting('work_mem'), version(), pg_backend_pid(), current_user",
        "SELECT * FROM pg_stat_user_tables",
        "SELECT * FROM pg_stat_database",
        "SELECT age(now(), now() - interval '1 day'), date_trunc('day', now()), extract(epoch FROM now())",
        "SELECT stddev(n), percentile_cont(0.5) WITHIN GROUP (ORDER BY n), array_agg(id ORDER BY id) FROM t",
        "SELECT '\\x00ff'::bytea, sha256('a'), 'infinity'::timestamptz, '0044-03-15 BC'::date, int4range(1, 5)",
        "SELECT name LIKE '%' || id || '%', now() AT TIME ZONE 'UTC', lpad(name, 20), name ~ '^n' FROM t",
        "SELECT jsonb_build_object('a', id), row_to_json(t), jsonb_path_query('[1,2]', '$[*]') FROM t LIMIT 1",
        "SELECT to_tsvector('english', name) @@ to_tsquery('name') FROM t LIMIT 1",
        "SELECT * FROM generate_series(now(), now() + interval '2 days', '1 day')",
        "SELECT string_to_array('a,b', ','), unnest(ARRAY[1, 2]), regexp_matches('ab', '(a)')",
        "SELECT obj_description('t'::regclass), col_description('t'::regclass, 1), has_table_privilege('t', 'SELECT')",
        "SELECT last_value FROM s",
        "EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) FROM t",
        "SHOW ALL",
    ] {
        arena.harmless("a function of the server", sql).await;
    }
});

class!(statements_of_other_kinds, arena, {
    for sql in [
        "INSERT INTO t VALUES (1)",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "SELECT * INTO t2 FROM t",
        "SELECT * FROM t FOR UPDATE",
        "CREATE TABLE t2 ()",
        "DO $$ BEGIN PERFORM evil(); END $$",
        "COPY (SELECT evil()) TO STDOUT",
        "COPY t TO PROGRAM 'cat > evil_from_copy'",
        "EXPLAIN ANALYZE DELETE FROM t",
        "PREPARE p AS SELECT evil()",
        "DECLARE c CURSOR FOR SELECT evil()",
        "SELECT 1; SELECT evil()",
        "COMMIT; SELECT evil()",
        "SET ROLE plain",
        "LOCK TABLE t",
        "LISTEN a",
        "VACUUM t",
    ] {
        arena.attack("a statement", sql).await;
    }
});
