//! Every way by which a statement comes to run code, each with an attack and its harmless twin:
//! what it names, and what its types and operators imply.

use howdah_testkit::{majors, server};

use super::arena::Arena;

class!(functions_in_every_place, arena, {
    for place in [
        "SELECT @()",
        "SELECT 1 FROM @() AS f",
        "SELECT 1 FROM t, LATERAL @(t.id) AS f",
        "SELECT 1 FROM ROWS FROM (@(), generate_series(1, 2)) AS f",
        "VALUES (1, (2, (3, @())))",
        "SELECT 1 WHERE @() = 1",
        "SELECT 1 FROM t GROUP BY id HAVING @() = 1",
        "SELECT 1 FROM t ORDER BY @(id)",
        "SELECT count(*) FILTER (WHERE @() = 1) FROM t",
        "SELECT sum(id) OVER (PARTITION BY @(id) ORDER BY @(name) ROWS @() PRECEDING) FROM t",
        "SELECT sum(id) OVER w FROM t WINDOW w AS (PARTITION BY @(id))",
        "SELECT string_agg(name, ',' ORDER BY @(id)) FROM t",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY @(id)) FROM t",
        "SELECT 1 LIMIT @()",
        "SELECT 1 OFFSET @()",
        "SELECT DISTINCT ON (@(id)) id FROM t",
        "SELECT CASE WHEN true THEN @() END",
        "SELECT COALESCE(NULL, @())",
        "SELECT GREATEST(1, @())",
        "SELECT ARRAY[@()]",
        "SELECT (ARRAY[1, 2])[@()]",
        "SELECT ROW(@()) = ROW(1)",
        "SELECT 1 IN (@(), 2)",
        "SELECT EXISTS (SELECT @())",
        "SELECT (SELECT @())",
        "WITH x AS (SELECT @()) SELECT 1 FROM x",
        "WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT @(n) FROM x WHERE n < 1) SELECT * FROM x",
        "SELECT 1 UNION SELECT @()",
        "SELECT concat(VARIADIC ARRAY[@()::text])",
        "SELECT 1 FROM t AS a JOIN t AS b ON @(a.id) = b.id",
        "SELECT 1 FROM t TABLESAMPLE bernoulli (@())",
        "SELECT @()::text COLLATE \"C\"",
        "SELECT grouping(@(id)) FROM t GROUP BY ROLLUP (@(id))",
        "SELECT xmlelement(name a, @())",
        "SELECT 1 FROM xmltable('/a' PASSING xml '<a/>' COLUMNS b int PATH 'b' DEFAULT @())",
        "SELECT format('%s', @() || 'x')",
        "EXPLAIN SELECT @()",
        "EXPLAIN ANALYZE SELECT @()",
        "EXPLAIN (FORMAT json) SELECT 1 FROM t WHERE id = @()",
        "EXPLAIN INSERT INTO t VALUES (@())",
        "EXPLAIN UPDATE t SET id = @() WHERE false",
        "EXPLAIN DELETE FROM t WHERE id = @()",
    ] {
        arena.attack("a function", &place.replace('@', "evil")).await;
        arena
            .attack("a function with its schema", &place.replace('@', "public.evil"))
            .await;
        if !place.starts_with("EXPLAIN INSERT")
            && !place.starts_with("EXPLAIN UPDATE")
            && !place.starts_with("EXPLAIN DELETE")
        {
            arena.harmless("a function", &place.replace('@', "fine")).await;
        }
    }
});

class!(functions_called_as_columns_and_types, arena, {
    arena
        .setup(
            "CREATE FUNCTION total(t) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN evil(); END $$;
             CREATE FUNCTION length_of(t) RETURNS int LANGUAGE sql AS $$ SELECT length($1.name) $$;
             CREATE FUNCTION peek(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN evil($1); END $$;
             CREATE DOMAIN checked AS int CHECK (evil_true(VALUE));
             CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
        )
        .await;
    for sql in [
        "SELECT t.total FROM t",
        "SELECT (t).total FROM t",
        "SELECT x.total FROM t AS x",
        "SELECT ('a'::text).peek",
        "SELECT total(t) FROM t",
        "SELECT 1 FROM t ORDER BY t.total",
        "SELECT checked(1)",
        "SELECT ('/etc/passwd'::text).pg_read_file",
    ] {
        arena.attack("a call in disguise", sql).await;
    }
    for sql in [
        "SELECT t.length_of FROM t",
        "SELECT (t).length_of, t.name, (t).name FROM t",
        "SELECT positive(1)",
        "SELECT ('a'::text).length",
    ] {
        arena.harmless("a call in disguise", sql).await;
    }
});

class!(casts, arena, {
    arena
        .setup(
            "CREATE TYPE pair AS (a int, b int);
             CREATE FUNCTION to_pair(int) RETURNS pair LANGUAGE plpgsql AS $$ BEGIN PERFORM evil(); RETURN ROW(1, $1); END $$;
             CREATE CAST (int AS pair) WITH FUNCTION to_pair(int)",
        )
        .await;
    for sql in ["SELECT 1::pair", "SELECT CAST(1 AS pair)", "SELECT (1::pair).b"] {
        arena.attack("a cast", sql).await;
    }
    // The cast is there, and nothing of it is touched.
    arena
        .harmless(
            "a statement beside a cast",
            "SELECT id::text, n::int, '5'::int FROM t",
        )
        .await;
    arena
        .harmless(
            "a statement beside a cast",
            "SELECT ROW(1, 2)::pair, '(1,2)'::pair",
        )
        .await;
    arena
        .setup("CREATE TABLE pairs (p pair); INSERT INTO pairs VALUES (ROW(1, 2))")
        .await;
    arena
        .harmless("a column of a type with a cast", "SELECT p, (p).a FROM pairs")
        .await;

    arena
        .setup(
            "CREATE FUNCTION pair_to_json(pair) RETURNS json LANGUAGE plpgsql AS $$ BEGIN PERFORM evil(); RETURN '1'; END $$;
             CREATE CAST (pair AS json) WITH FUNCTION pair_to_json(pair)",
        )
        .await;
    for sql in [
        "SELECT to_json(p) FROM pairs",
        "SELECT json_agg(p) FROM pairs",
        "SELECT row_to_json(pairs) FROM pairs",
        "SELECT json_build_object('p', p) FROM pairs",
    ] {
        arena.attack("a cast to json that no tree shows", sql).await;
    }

    if arena.server.major() >= 16 {
        arena
            .attack("a cast to json", "SELECT JSON_OBJECT('p': p) FROM pairs")
            .await;
        arena
            .attack("a cast to json", "SELECT JSON_ARRAYAGG(p) FROM pairs")
            .await;
    }

    arena
        .setup(
            "DROP CAST (pair AS json); DROP CAST (int AS pair);
             CREATE FUNCTION sum_of(pair) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN evil(); END $$;
             CREATE CAST (pair AS int) WITH FUNCTION sum_of(pair) AS IMPLICIT",
        )
        .await;
    arena.attack("an implicit cast", "SELECT abs(p) FROM pairs").await;
    arena.attack("an implicit cast", "SELECT p + 1 FROM pairs").await;
    arena
        .harmless(
            "a statement beside an implicit cast",
            "SELECT abs(id) + 1, lower(name) FROM t",
        )
        .await;
});

class!(domains_and_what_holds_them, arena, {
    arena
        .setup(
            "CREATE DOMAIN checked AS int CHECK (evil_true(VALUE));
             CREATE DOMAIN wrapped AS checked;
             CREATE TYPE holder AS (c checked);
             CREATE DOMAIN positive AS int CHECK (VALUE > 0 AND fine_true(VALUE));
             CREATE TYPE decent AS (c positive);
             CREATE TABLE unfilled (h holder, l checked[])",
        )
        .await;
    for sql in [
        "SELECT 1::checked",
        "SELECT '1'::checked",
        "SELECT 1::wrapped",
        "SELECT '(1)'::holder",
        "SELECT ROW(1)::holder",
        "SELECT '{1}'::checked[]",
        "SELECT ARRAY[1]::checked[]",
        "SELECT * FROM json_populate_record(NULL::holder, '{\"c\": 1}')",
        "SELECT * FROM jsonb_to_record('{\"c\": 1}') AS x (c checked)",
        "SELECT * FROM json_populate_record(NULL::unfilled, '{\"h\": {\"c\": 1}}')",
        "SELECT * FROM unfilled WHERE h = '(1)'",
        "SELECT * FROM unfilled WHERE l = '{1}'",
        "SELECT * FROM xmltable('/a' PASSING xml '<a>1</a>' COLUMNS c checked PATH '.')",
        "SELECT checked '1'",
        "SELECT domain_in('1'::cstring, 'checked'::regtype::oid, -1)",
        "SELECT array_in('{1}'::cstring, 'checked'::regtype::oid, -1)",
        "SELECT record_in('(1)'::cstring, 'holder'::regtype::oid, -1)",
    ] {
        arena.attack("a domain", sql).await;
    }
    for sql in [
        "SELECT 1::positive, '1'::positive, '(1)'::decent, '{1}'::positive[]",
        "SELECT * FROM jsonb_to_record('{\"c\": 1}') AS x (c positive)",
        "SELECT 1 FROM unfilled",
    ] {
        arena.harmless("a domain", sql).await;
    }
    if arena.server.major() >= 16 {
        arena
            .attack("a type named in text", "SELECT pg_input_is_valid('1', 'checked')")
            .await;
        arena
            .attack(
                "a type named in text",
                "SELECT pg_input_is_valid('1', 'che' || 'cked')",
            )
            .await;
        arena
            .harmless(
                "a type named in text",
                "SELECT pg_input_is_valid('1', 'positive')",
            )
            .await;
        arena
            .harmless(
                "a type named in text",
                "SELECT * FROM pg_input_error_info('x', 'integer')",
            )
            .await;
    }
});

class!(operators, arena, {
    arena
        .setup(
            "CREATE TYPE pair AS (a int, b int);
             CREATE FUNCTION pair_is(pair, pair) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM evil(); RETURN true; END $$;
             CREATE OPERATOR = (LEFTARG = pair, RIGHTARG = pair, FUNCTION = pair_is);
             CREATE OPERATOR ~~ (LEFTARG = pair, RIGHTARG = pair, FUNCTION = pair_is);
             CREATE OPERATOR === (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = evil_true);
             CREATE OPERATOR ==== (LEFTARG = anyelement, RIGHTARG = anyelement, FUNCTION = fine_true);
             CREATE OPERATOR !!! (RIGHTARG = anyelement, FUNCTION = evil);
             CREATE TABLE pairs (p pair); INSERT INTO pairs VALUES (ROW(1, 2)), (ROW(3, 4))",
        )
        .await;
    for sql in [
        "SELECT 1 === 1",
        "SELECT 1 OPERATOR(public.===) 1",
        "SELECT 1 === ANY (ARRAY[1, 2])",
        "SELECT 1 === ALL (SELECT 1)",
        "SELECT !!! 1",
        "SELECT p = p FROM pairs",
        "SELECT a.p IN (SELECT b.p FROM pairs AS b) FROM pairs AS a",
        "SELECT p IN (p, p) FROM pairs",
        "SELECT CASE p WHEN p THEN 1 END FROM pairs",
        "SELECT NULLIF(p, p) FROM pairs",
        "SELECT p IS DISTINCT FROM p FROM pairs",
        "SELECT 1 FROM pairs AS a JOIN pairs AS b USING (p)",
        "SELECT 1 FROM pairs AS a NATURAL JOIN pairs AS b",
        "SELECT p LIKE p FROM pairs",
    ] {
        arena.attack("an operator", sql).await;
    }
    for sql in [
        "SELECT 1 ==== 1",
        "SELECT 1 FROM t WHERE id = 1 AND name = 'x' AND id IN (1, 2) AND name LIKE 'x%'",
        "SELECT 1 FROM t AS a JOIN t AS b USING (id)",
        "SELECT p FROM pairs ORDER BY p",
        "SELECT CASE id WHEN 1 THEN 2 END, NULLIF(id, 1) FROM t",
    ] {
        arena.harmless("an operator", sql).await;
    }
});

class!(operator_classes_and_aggregates, arena, {
    arena
        .setup(
            "CREATE TYPE pair AS (a int, b int);
             CREATE FUNCTION pair_lt(pair, pair) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT $1.a < $2.a $$;
             CREATE FUNCTION pair_cmp(pair, pair) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM evil(); RETURN 0; END $$;
             CREATE OPERATOR <<< (LEFTARG = pair, RIGHTARG = pair, FUNCTION = pair_lt);
             CREATE FUNCTION pair_is(pair, pair) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT $1.a = $2.a $$;
             CREATE OPERATOR === (LEFTARG = pair, RIGHTARG = pair, FUNCTION = pair_is);
             CREATE OPERATOR CLASS pair_ops DEFAULT FOR TYPE pair USING btree AS OPERATOR 1 <<<, OPERATOR 3 ===, FUNCTION 1 pair_cmp(pair, pair);
             CREATE TABLE pairs (p pair); INSERT INTO pairs VALUES (ROW(1, 2)), (ROW(3, 4));
             CREATE AGGREGATE evil_agg(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', FINALFUNC = evil);
             CREATE AGGREGATE fine_agg(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', FINALFUNC = fine)",
        )
        .await;
    for sql in [
        "SELECT p FROM pairs ORDER BY p",
        "SELECT DISTINCT p FROM pairs",
        "SELECT p FROM pairs UNION SELECT p FROM pairs",
        "SELECT GREATEST(p, p) FROM pairs",
        "SELECT evil_agg(id) FROM t",
        "SELECT evil_agg(id) OVER () FROM t",
    ] {
        arena.attack("an operator class or aggregate", sql).await;
    }
    arena.harmless("an aggregate", "SELECT fine_agg(id) FROM t").await;
    arena
        .harmless("beside an operator class", "SELECT name FROM t ORDER BY name")
        .await;
});

class!(views_policies_and_foreign_tables, arena, {
    arena
        .setup(
            "CREATE VIEW bad AS SELECT evil(id) AS id FROM t;
             CREATE VIEW worse AS SELECT * FROM bad;
             CREATE VIEW \"Barrier \"\" x\" WITH (security_barrier) AS SELECT id FROM t WHERE evil_true(id);
             CREATE VIEW good AS SELECT fine(id) AS id, name FROM t WHERE id > 0;
             CREATE VIEW better AS SELECT * FROM good;
             CREATE MATERIALIZED VIEW stored AS SELECT fine(id) AS id FROM t;
             CREATE TABLE guarded (id int); INSERT INTO guarded VALUES (1); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
             ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
             CREATE POLICY p ON guarded USING (evil_true(id));
             CREATE TABLE owned (id int); INSERT INTO owned VALUES (1); ALTER TABLE owned ENABLE ROW LEVEL SECURITY;
             CREATE POLICY p ON owned USING (id > 0 AND fine_true(id))",
        )
        .await;
    for sql in [
        "SELECT * FROM bad",
        "SELECT 1 FROM worse",
        "SELECT * FROM \"Barrier \"\" x\"",
        "TABLE worse",
        "EXPLAIN SELECT * FROM worse",
        "SELECT (SELECT count(*) FROM worse)",
    ] {
        arena.attack("a view", sql).await;
    }
    for sql in [
        "SELECT * FROM better",
        "SELECT * FROM stored",
        "SELECT * FROM owned",
        "SELECT * FROM pg_stat_activity",
        "SELECT * FROM information_schema.columns LIMIT 5",
        "SELECT * FROM pg_locks",
        "SELECT * FROM pg_settings LIMIT 5",
    ] {
        arena.harmless("a view", sql).await;
    }
    let outcome = super::arena::run(&arena.target("plain"), "SELECT * FROM guarded").await;
    assert!(outcome.is_err() && !arena.evil_ran().await, "{outcome:?}");
    // A superuser is not bound by the policy, so the server would not run it.
    super::arena::run(&arena.target("postgres"), "SELECT * FROM guarded")
        .await
        .unwrap();
    arena
        .setup(
            "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
             CREATE FOREIGN TABLE passwd (line text) SERVER files OPTIONS (filename '/etc/passwd');
             CREATE TABLE parent (line text); ALTER FOREIGN TABLE passwd INHERIT parent",
        )
        .await;
    arena.attack("a foreign table", "SELECT * FROM passwd").await;
    arena
        .attack("a foreign table below another", "SELECT * FROM parent")
        .await;
});
