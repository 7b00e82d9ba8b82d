//! Splitting scripts, and what only psql understands.
#![allow(clippy::unwrap_used)]

use howdah_sql::{Limits, Psql, parse, split, split_lossy};

fn pieces(script: &str) -> Vec<&str> {
    let pieces = split(script).unwrap();
    for piece in &pieces {
        assert_eq!(&script[piece.span()], piece.text);
        assert_eq!(script[..piece.start].matches('\n').count() + 1, piece.line);
    }
    pieces.into_iter().map(|piece| piece.text).collect()
}

/// Each of these is one statement, with more before and behind it.
#[test]
fn statements_are_not_cut() {
    for statement in [
        "SELECT ';', \";\", $$;$$, $é$ ; $$ ; $é$, E'\\';', U&'\\0041;', B'1', x'ff', n';'",
        "SELECT 'it''s;', ';'",
        "SELECT 'a'\n  ';b'",
        "SELECT E'a' -- ;\n '\\';'",
        "SELECT 1 /* ; /* ; */ ; */ + 2",
        "SELECT 1 -- ;\n + 2",
        "SELECT 1 +-- ;\n 2",
        "SELECT foo$bar$baz, $1",
        "SELECT 1e5, 1., .5, 0x1F, 1_000",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $f$ SELECT 1; SELECT $$;$$; $f$",
        "DO $$BEGIN PERFORM 1; END;$$",
        "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); DELETE FROM b;)",
        "CREATE OR REPLACE RULE r AS ON UPDATE TO t DO INSTEAD (SELECT 1; SELECT (2))",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC END",
        "create or replace procedure p() begin atomic insert into t values (1); update t set a = 2; end",
        "CREATE FUNCTION f(a int) RETURNS int\n BEGIN ATOMIC\n SELECT CASE WHEN a > 1 THEN CASE a WHEN 2 THEN 3 END ELSE 4 END; SELECT 5;\nEND",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT CASE 1 WHEN 1 THEN 2 END; END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT 2 AS case; SELECT t.end FROM t; END",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT \"end\" FROM t; SELECT 'end;' ; END",
        "CREATE FUNCTION f() RETURNS int BEGIN /* ; */ ATOMIC -- END;\n SELECT 1; END",
        "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1;'",
        "CREATE FUNCTION \"atomic\"() RETURNS int RETURN 1",
        "SELECT (ARRAY[1,2])[1], (SELECT 2), '}'",
        "ALTER TABLE \"a;b\" ADD COLUMN \"c\"\";d\" int DEFAULT 1",
    ] {
        assert!(parse(statement, &Limits::default()).is_ok(), "{statement}");
        let script = format!("\n-- é\nSELECT 0;{statement};;SELECT é_1;\n{statement}\n/* end; */");
        assert_eq!(pieces(&script), ["SELECT 0", statement, "SELECT é_1", statement]);
    }
    // Inside of a function its END and a transaction's look alike.
    assert_eq!(
        pieces("BEGIN; SELECT 1; END; BEGIN"),
        ["BEGIN", "SELECT 1", "END", "BEGIN"]
    );
}

#[test]
fn nothing_gives_nothing() {
    for script in ["", " \n", ";", " ; ;\n;", "-- only a comment", "/* ; */ ;"] {
        assert!(pieces(script).is_empty(), "{script:?}");
    }
}

/// What does not parse is cut at its semicolons, so that the rest is found.
#[test]
fn mistakes_do_not_swallow_the_rest() {
    assert_eq!(
        pieces("SELEC 1; SELECT (2; SELECT 3)"),
        ["SELEC 1", "SELECT (2", "SELECT 3)"]
    );
    assert_eq!(
        pieces(
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELEC CASE WHEN a THEN 1 END; SELECT 2; END; SELECT 3"
        ),
        [
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELEC CASE WHEN a THEN 1 END; SELECT 2; END",
            "SELECT 3"
        ]
    );
}

#[test]
fn commands_of_psql_are_named() {
    for (script, line, message) in [
        (
            "SELECT 1;\n\\d t\nSELECT 2;",
            2,
            "\\d is a command of psql, not of the server",
        ),
        (
            "\\set ON_ERROR_STOP on",
            1,
            "\\set is a command of psql, not of the server",
        ),
        (
            "SELECT 1;\n\n  \\i it's.sql\n",
            3,
            "\\i is a command of psql, not of the server",
        ),
        (
            "SELECT 'é'\n\\gexec",
            2,
            "\\gexec is a command of psql, not of the server",
        ),
        (
            "SELECT 1 \\; SELECT 2",
            1,
            "\\; joins statements for psql only; the server does not know it",
        ),
    ] {
        let error = split(script).unwrap_err();
        assert_eq!((error.line, error.message.as_str()), (line, message), "{script}");
        assert_eq!(script[error.position_bytes..].chars().next(), Some('\\'));
        assert_eq!(script.chars().nth(error.position_chars - 1), Some('\\'));
    }
    // Not where it is part of a string or a comment.
    assert_eq!(pieces("SELECT E'\\d', '\\d' -- \\d\n"), ["SELECT E'\\d', '\\d'"]);
}

#[test]
fn rows_of_a_copy_are_named_and_skipped() {
    let script = "SELECT 1;\nCOPY t (a, b) FROM stdin;\n1\tit's\n2\t\\N\n\\.\n\nSELECT 2;";
    let error = split(script).unwrap_err();
    assert_eq!(error.line, 2);
    assert!(
        error
            .message
            .starts_with("COPY … FROM STDIN takes its rows from the client")
    );
    let (pieces, errors) = split_lossy(script);
    let texts: Vec<_> = pieces.iter().map(|piece| (piece.text, piece.line)).collect();
    assert_eq!(texts, [("SELECT 1", 1), ("SELECT 2", 7)]);
    assert_eq!(errors, [error]);
    let statement = script.find("COPY").unwrap()..script.find(";\n1").unwrap();
    assert_eq!(errors[0].psql, Some(Psql::Copy { statement, rows: 2 }));
    assert_eq!(pieces_of_lossy("COPY t FROM '/tmp/stdin'; COPY t TO stdout"), 2);
}

fn pieces_of_lossy(script: &str) -> usize {
    let (pieces, errors) = split_lossy(script);
    assert_eq!(errors, []);
    pieces.len()
}

#[test]
fn lossy_goes_on_behind_errors() {
    let (pieces, errors) = split_lossy("\\c db it's\nSELECT 1;\n\\echo 'x\nSELECT 2 \\g\nSELECT 'open;");
    let texts: Vec<_> = pieces.iter().map(|piece| piece.text).collect();
    assert_eq!(texts, ["SELECT 1", "SELECT 2 \\g\nSELECT 'open;"]);
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "Line 1: \\c is a command of psql, not of the server",
            "Line 3: \\echo is a command of psql, not of the server",
            "Line 4: \\g is a command of psql, not of the server",
            "Line 5: A string starts here and never ends",
        ]
    );
}

#[test]
fn what_never_ends_is_named() {
    for (script, what) in [
        ("SELECT 'é", "string"),
        ("SELECT $a$ $b$", "dollar-quoted string"),
        ("SELECT \"a;", "name in double quotes"),
        ("SELECT 1 /* /* */", "comment"),
        ("SELECT E'\\'", "string"),
    ] {
        let error = split(script).unwrap_err();
        assert_eq!(error.message, format!("A {what} starts here and never ends"));
    }
}

#[test]
fn a_long_script_takes_linear_time() {
    let statement =
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END;\n";
    let long = statement.repeat(2_000);
    let start = std::time::Instant::now();
    assert_eq!(split(&long).unwrap().len(), 2_000);
    assert_eq!(split(&"SELECT 1;\n".repeat(200_000)).unwrap().len(), 200_000);
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}
