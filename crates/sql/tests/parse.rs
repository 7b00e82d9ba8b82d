//! Parsing: spans, positions, and text that is made to break parsers.
#![allow(clippy::unwrap_used)]

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

/// Texts that nest `n` levels, in every way that the grammar has.
fn nested(n: usize) -> Vec<(&'static str, String)> {
    let around = |open: &str, middle: &str, close: &str| {
        format!("SELECT {}{middle}{}", open.repeat(n), close.repeat(n))
    };
    vec![
        ("sum", format!("SELECT {}1", "1+".repeat(n))),
        ("concatenation", format!("SELECT ''{}", "||'a'".repeat(n))),
        ("sign", around("- ", "a", "")),
        ("not", around("NOT ", "a", "")),
        ("parentheses", around("(", "1", ")")),
        ("sub-select", around("(SELECT ", "1", ")")),
        (
            "from",
            format!(
                "SELECT 1 FROM {}x{}",
                "(SELECT 1 FROM ".repeat(n),
                ") x".repeat(n)
            ),
        ),
        ("case", around("CASE WHEN a THEN ", "1", " END")),
        ("case else", around("CASE WHEN a THEN 1 ELSE ", "1", " END")),
        ("and", format!("SELECT a{}", " AND a".repeat(n))),
        ("or", format!("SELECT a{}", " OR a".repeat(n))),
        ("and or", around("(a AND (b OR ", "c", "))")),
        ("union", format!("SELECT 1{}", " UNION SELECT 1".repeat(n))),
        (
            "union all",
            format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(n)),
        ),
        ("array", around("ARRAY[", "1", "]")),
        ("row", around("ROW(", "1", ")")),
        ("function", around("f(", "1", ")")),
        ("cast", format!("SELECT 1{}", "::int".repeat(n))),
        ("cast()", around("CAST(", "1", " AS int)")),
        ("subscript", format!("SELECT a{}", "[1]".repeat(n))),
        ("subscripts", around("a[", "1", "]")),
        ("is null", format!("SELECT 1{}", " IS NULL".repeat(n))),
        ("collate", format!("SELECT a{}", " COLLATE \"C\"".repeat(n))),
        ("join", format!("SELECT 1 FROM a{}", " JOIN b ON true".repeat(n))),
        (
            "with",
            format!("{}SELECT 1{}", "WITH x AS (".repeat(n), ") SELECT 1".repeat(n)),
        ),
        ("exists", around("EXISTS (SELECT 1 WHERE ", "a", ")")),
        ("in", around("1 IN (", "1", ")")),
        ("any", around("1 = ANY (", "a", ")")),
        ("explain", format!("EXPLAIN SELECT {}1", "1*".repeat(n))),
        (
            "default",
            format!("CREATE TABLE t (a int DEFAULT {}1)", "1+".repeat(n)),
        ),
        ("open parentheses", "(".repeat(n)),
        ("open brackets", format!("SELECT {}", "a[".repeat(n))),
    ]
}

/// Each text gives a tree or an error that says why not, and what has a tree
/// can be walked and dropped.
fn survives(n: usize, limits: &Limits) {
    for (name, text) in nested(n) {
        let told = |error: &SyntaxError| {
            let message = &error.message;
            assert!(
                message.contains("nests") || message.contains("syntax error"),
                "{name} × {n}: {message}"
            );
        };
        match parse(&text, limits) {
            Ok(script) => {
                let kind = script.statements[0].kind();
                assert!(["SELECT", "EXPLAIN", "CREATE TABLE"].contains(&kind.name()));
            }
            Err(error) => told(&error),
        }
        if let Err(error) = tree(&text, limits) {
            told(&error);
        }
    }
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
