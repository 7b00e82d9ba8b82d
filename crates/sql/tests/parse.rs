//! Parsing: spans, positions, and text that is made to break parsers.
#![allow(clippy::unwrap_used)]

mod hostile;

use hostile::survives;
use howdah_sql::{Limits, SyntaxError, parse, plpgsql_tree, tree};

fn error(text: &str) -> SyntaxError {
    parse(text, &Limits::default()).unwrap_err()
}

#[test]
fn statements_stand_where_they_stand() {
    let script = " /* a */ SELECT 1 -- one\n ; ; -- nothing\n\tINSERT INTO é VALUES ('漢;字') /* end */ ;\nTABLE t -- no semicolon";
    let parsed = parse(script, &Limits::default()).unwrap();
    let texts: Vec<_> = parsed
        .statements
        .iter()
        .map(|statement| statement.text())
        .collect();
    assert_eq!(texts, ["SELECT 1", "INSERT INTO é VALUES ('漢;字')", "TABLE t"]);
    for statement in &parsed.statements {
        assert_eq!(&script[statement.span()], statement.text());
    }
    assert!(
        parse(" -- nothing", &Limits::default())
            .unwrap()
            .statements
            .is_empty()
    );
    assert!(parse("", &Limits::default()).unwrap().statements.is_empty());
    assert!(parse(";;", &Limits::default()).unwrap().statements.is_empty());
}

#[test]
fn errors_stand_where_they_stand() {
    for before in ["", "é", "漢字", "🐘", "e\u{301}", "é漢🐘"] {
        for (text, expected) in [
            (format!("SELECT '{before}' FROM WHERE"), "WHERE"),
            (format!("SELECT 1;\n-- {before}\nSELECT '{before}' x y"), "y"),
            (format!("SELECT '{before}', 'not closed"), "'not closed"),
            (format!("SELECT '{before}', 12abc"), "12a"),
            (format!("SELECT \"{before}x\" + + )"), ")"),
        ] {
            let error = error(&text);
            let byte = text.find(expected).unwrap();
            assert_eq!(error.position_bytes, byte, "{text}: {error}");
            assert_eq!(error.position_chars, text[..byte].chars().count() + 1, "{text}");
        }
    }
    let at_end = error("SELECT é FROM");
    assert_eq!(at_end.message, "syntax error at end of input");
    assert_eq!((at_end.position_bytes, at_end.position_chars), (14, 14));
}

#[test]
fn a_nul_is_an_error() {
    let nul = error("SELECT 'é\0'");
    assert_eq!(nul.message, "The text contains a NUL character");
    assert_eq!((nul.position_bytes, nul.position_chars), (10, 10));
}

#[test]
fn long_text_is_an_error() {
    let limits = Limits {
        max_bytes: 20,
        ..Limits::default()
    };
    assert!(parse("SELECT 1", &limits).is_ok());
    let error = parse("SELECT 1, 2, 3, 4, 5, 6", &limits).unwrap_err();
    assert_eq!(error.message, "The text is 23 bytes long, and 20 are allowed");
}

fn on_a_thread(stack: usize, work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(stack)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn nothing_overflows_the_stack_of_a_thread() {
    let unbounded = Limits {
        max_depth: usize::MAX,
        max_bytes: usize::MAX,
    };
    for (n, limits) in [
        (1, Limits::default()),
        (30, Limits::default()),
        (150, unbounded.clone()),
        (600, unbounded.clone()),
        (5_000, Limits::default()),
        (30_000, unbounded),
    ] {
        on_a_thread(2 * 1024 * 1024, move || survives(n, &limits));
    }
}

#[test]
fn a_long_sum_is_an_error_and_a_long_and_is_not() {
    let sum = format!("SELECT {}1", "1+".repeat(30_000));
    assert!(error(&sum).message.contains("nests"), "{}", error(&sum));
    assert!(error(&sum).hint.is_some());
    for word in ["AND", "OR"] {
        let chain = format!("SELECT a{}", format!(" {word} a").repeat(30_000));
        assert_eq!(parse(&chain, &Limits::default()).unwrap().statements.len(), 1);
        assert_eq!(tree(&chain, &Limits::default()).unwrap().len(), 1);
    }
}

#[test]
fn wide_is_not_deep() {
    let list = format!("SELECT 1 IN ({}1)", "1,".repeat(100_000));
    assert_eq!(parse(&list, &Limits::default()).unwrap().statements.len(), 1);
    assert_eq!(tree(&list, &Limits::default()).unwrap().len(), 1);
    let script = "SELECT 1;".repeat(10_000);
    assert_eq!(
        parse(&script, &Limits::default()).unwrap().statements.len(),
        10_000
    );
}

#[test]
fn depth_has_a_bound_of_its_own() {
    let limits = Limits {
        max_depth: 40,
        ..Limits::default()
    };
    let sum = |n: usize| format!("SELECT {}1", "1+".repeat(n));
    assert!(parse(&sum(30), &limits).is_ok());
    assert!(tree(&sum(30), &limits).is_ok());
    let parsed = parse(&sum(50), &limits).unwrap_err();
    assert!(parsed.message.contains("40 are allowed"), "{parsed}");
    let treed = tree(&sum(50), &limits).unwrap_err();
    assert!(treed.message.contains("40 are allowed"), "{treed}");
}

#[test]
fn trees_name_every_node() {
    let trees = tree("SELECT f(1); DROP TABLE \"T\"", &Limits::default()).unwrap();
    assert_eq!(trees.len(), 2);
    assert!(trees[0].get("SelectStmt").is_some());
    assert_eq!(trees[1]["DropStmt"]["removeType"], "OBJECT_TABLE");
}

#[test]
fn bodies_are_parsed() {
    let function = |language: &str, body: &str| {
        format!("CREATE FUNCTION f(a int) RETURNS int LANGUAGE {language} AS $f$ {body} $f$")
    };
    let body = plpgsql_tree(&function(
        "plpgsql",
        "BEGIN RETURN (SELECT max(x) FROM t WHERE y = a); END",
    ))
    .unwrap();
    assert!(body[0]["PLpgSQL_function"]["action"].is_object(), "{body}");
    assert!(body.to_string().contains("SELECT max(x)"));
    assert_eq!(
        plpgsql_tree(&function("sql", "SELECT 1")).unwrap(),
        serde_json::json!([])
    );
    assert_eq!(plpgsql_tree("SELECT 1").unwrap(), serde_json::json!([]));
    assert!(plpgsql_tree(&function("plpgsql", "BEGIN RETURN")).is_err());
    assert!(plpgsql_tree(&function("plpgsql", "BEGIN PERFORM SELECT FROM; END")).is_err());
    for n in [100, 2_000, 20_000] {
        let deep = [
            function("plpgsql", &format!("{}{}", "BEGIN ".repeat(n), "END;".repeat(n))),
            function(
                "plpgsql",
                &format!(
                    "BEGIN {}{} RETURN 1; END",
                    "IF a THEN ".repeat(n),
                    "END IF;".repeat(n)
                ),
            ),
            function("plpgsql", &format!("BEGIN RETURN {}1; END", "1+".repeat(n))),
        ];
        for text in deep {
            on_a_thread(2 * 1024 * 1024, move || drop(plpgsql_tree(&text)));
        }
    }
}

#[test]
fn fingerprints_are_those_of_the_shape() {
    let print = |sql: &str| howdah_sql::fingerprint(sql).unwrap();
    assert_eq!(
        print("SELECT * FROM t WHERE a = 1"),
        print("select *\nfrom t /* é */ where a = 'x'")
    );
    assert_ne!(print("SELECT a FROM t"), print("SELECT b FROM t"));
    assert_eq!(print("SELECT 1").len(), 16);
    assert_eq!(howdah_sql::fingerprint("SELEC").unwrap_err().position_chars, 1);
}

/// One of every kind of variable and statement: the library's own JSON of some is broken.
#[test]
fn bodies_of_every_kind_are_read() {
    let every = r#"
        <<outer>>
        DECLARE
            a int := 1; b CONSTANT text NOT NULL := 'it''s \ " é'; c record; d t%ROWTYPE; e t.x%TYPE; f int[];
            g CURSOR (p int) FOR SELECT p; h refcursor; i ALIAS FOR $1; j text COLLATE "C";
        BEGIN
            NULL; a := a + 1; c.x := 1; f[1] := 2; PERFORM g(1); INSERT INTO t VALUES (1) RETURNING x INTO STRICT a;
            SELECT x, y INTO a, j FROM t; EXECUTE 'SELECT $1' || b INTO c USING a, b; GET DIAGNOSTICS a = ROW_COUNT;
            IF a > 1 THEN RETURN; ELSIF b IS NULL THEN NULL; ELSE NULL; END IF;
            CASE a WHEN 1, 2 THEN NULL; ELSE NULL; END CASE;
            CASE WHEN a = 1 THEN NULL; END CASE;
            LOOP EXIT outer WHEN a > 5; CONTINUE WHEN false; END LOOP;
            WHILE a < 9 LOOP a := a + 1; END LOOP;
            FOR k IN REVERSE 10..1 BY 2 LOOP NULL; END LOOP;
            FOR c IN SELECT * FROM t LOOP NULL; END LOOP;
            FOR c IN EXECUTE 'SELECT 1' USING a LOOP NULL; END LOOP;
            FOR c IN g(1) LOOP NULL; END LOOP;
            FOREACH a SLICE 0 IN ARRAY f LOOP NULL; END LOOP;
            OPEN g(1); OPEN h SCROLL FOR SELECT 1; OPEN h FOR EXECUTE 'SELECT 1' USING a;
            FETCH NEXT FROM h INTO c; MOVE LAST FROM h; CLOSE h;
            RAISE NOTICE 'a % "%"', a, b USING HINT = 'x'; RAISE EXCEPTION USING ERRCODE = '22012'; RAISE division_by_zero;
            ASSERT a > 0, 'no'; CALL p(a); COMMIT; ROLLBACK AND CHAIN;
            BEGIN NULL; EXCEPTION WHEN unique_violation OR SQLSTATE '23502' THEN GET STACKED DIAGNOSTICS j = MESSAGE_TEXT; RAISE; WHEN OTHERS THEN NULL; END;
        END outer"#;
    for head in [
        "FUNCTION f(int) RETURNS void",
        "FUNCTION f(int, VARIADIC v text[]) RETURNS void",
        "FUNCTION f(int, OUT o int, INOUT q text) RETURNS record",
        "FUNCTION f(int, x my.type, y t, z anyelement, w numeric(5, 2)) RETURNS SETOF my.type",
        "FUNCTION f(int, x int DEFAULT (1 + 2), v text = '{}', VARIADIC w pg_catalog.int4[] = NULL) RETURNS SETOF int[]",
        "PROCEDURE f(int)",
    ] {
        let sql = format!("CREATE {head} LANGUAGE plpgsql AS $body${every}$body$");
        let body = plpgsql_tree(&sql).unwrap_or_else(|error| panic!("{head}: {error:?}"));
        assert_eq!(body.as_array().unwrap().len(), 1, "{head}");
        let text = body.to_string();
        for inside in [
            "ROW_COUNT",
            "INSERT INTO t VALUES (1)",
            "division_by_zero",
            "SELECT $1",
            "it''s",
        ] {
            assert!(text.contains(inside), "{head}: {inside}");
        }
    }
    for (head, body) in [
        (
            "FUNCTION f() RETURNS trigger",
            "BEGIN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; NEW.a := TG_ARGV[0]; RETURN NEW; END",
        ),
        (
            "FUNCTION f() RETURNS event_trigger",
            "BEGIN RAISE NOTICE '%', TG_TAG; END",
        ),
        (
            "FUNCTION f() RETURNS SETOF int",
            "BEGIN RETURN NEXT 1; RETURN QUERY SELECT 2; RETURN QUERY EXECUTE 'SELECT 3' USING 1; RETURN; END",
        ),
        (
            "FUNCTION f() RETURNS TABLE (a int, b text)",
            "BEGIN a := 1; RETURN NEXT; END",
        ),
        ("FUNCTION f() RETURNS int", "BEGIN RETURN (SELECT 1); END"),
    ] {
        let sql = format!("CREATE {head} LANGUAGE plpgsql AS $body${body}$body$");
        let tree = plpgsql_tree(&sql).unwrap_or_else(|error| panic!("{head}: {error:?}"));
        assert!(
            tree[0]["PLpgSQL_function"]["action"].is_object(),
            "{head}: {tree}"
        );
    }
    let both = "DO $$BEGIN NULL; END$$; DO LANGUAGE plpgsql 'BEGIN PERFORM 1; END'";
    assert_eq!(plpgsql_tree(both).unwrap().as_array().unwrap().len(), 2);
}
