//! What holds for any text.
#![allow(clippy::unwrap_used)]

use howdah_sql::{
    Limits, RelationName, fingerprint, normalize, parse, plpgsql_tree, quote_ident, quote_literal, split,
    split_lossy, tree,
};
use proptest::prelude::*;

/// Whole statements, to be joined by semicolons.
const STATEMENTS: &[&str] = &[
    "SELECT 1",
    "SELECT ';' /* ; */",
    "-- ;\nSELECT $$;$$",
    "DO $x$BEGIN NULL; END;$x$",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END",
    "CREATE PROCEDURE p() BEGIN ATOMIC END",
    "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)",
    "INSERT INTO \"a;b\" VALUES (E'\\';', U&'é;')",
    "BEGIN",
    "END",
    "SELECT CASE WHEN a THEN 1 END",
    "CREATE TABLE t (a int DEFAULT 1, b text CHECK (b <> ';'))",
    "",
    " ",
];

/// Pieces of SQL in any order, which hardly ever parse.
const WORDS: &[&str] = &[
    "SELECT", "FROM", "CREATE", "FUNCTION", "RULE", "BEGIN", "ATOMIC", "CASE", "END", "COPY", "STDIN",
    "PASSWORD", "1", "'a'", "\"b\"", "$$c$$", "$1", "(", ")", ";", ",", ".", "'", "\"", "$$", "--", "/*",
    "*/", "\\", "\\.", "\n", " ", "é", "🐘", "a",
];

fn broken() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS), 0..30).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_parses_is_split_as_the_parser_splits_it(
        parts in prop::collection::vec(prop::sample::select(STATEMENTS), 0..8)
    ) {
        let script = parts.join(";");
        let parsed = parse(&script, &Limits::default()).unwrap();
        let by_parser: Vec<_> = parsed.statements.iter().map(|statement| statement.span()).collect();
        let by_splitter: Vec<_> = split(&script).unwrap().iter().map(|piece| piece.span()).collect();
        prop_assert_eq!(by_splitter, by_parser);
    }

    #[test]
    fn pieces_are_in_order_and_lose_no_statement(script in prop_oneof![broken(), any::<String>()]) {
        let (pieces, errors) = split_lossy(&script);
        let mut last = 0;
        for piece in &pieces {
            prop_assert!(piece.start >= last);
            prop_assert_eq!(&script[piece.span()], piece.text);
            last = piece.span().end;
        }
        prop_assert_eq!(split(&script).is_err(), !errors.is_empty());
    }

    #[test]
    fn no_text_makes_anything_panic(text in prop_oneof![broken(), any::<String>()]) {
        let limits = Limits::default();
        if let Err(error) = parse(&text, &limits) {
            prop_assert!(text.is_char_boundary(error.position_bytes));
            prop_assert_eq!(text[..error.position_bytes].chars().count() + 1, error.position_chars);
        }
        prop_assert_eq!(tree(&text, &limits).is_ok(), parse(&text, &limits).is_ok());
        prop_assert_eq!(fingerprint(&text).is_ok(), parse(&text, &limits).is_ok());
        let _ = plpgsql_tree(&text);
    }

    #[test]
    fn a_masked_secret_is_gone(
        // Nothing in front that leaves a quote or a comment open.
        before in prop::collection::vec(prop::sample::select(&WORDS[..18]), 0..10),
        secret in "[a-z]{12}",
        quote in prop::sample::select(
            &[("'", "'"), ("E'\\'", "'"), ("$$", "$$"), ("$q$", "$q$"), ("'", ""), ("U&'", "'")][..]
        ),
        after in broken(),
    ) {
        let text = format!("{}\n{}{secret}{} {after}", before.join(" "), quote.0, quote.1);
        prop_assert!(!normalize(&text).contains(&secret), "{} → {}", text, normalize(&text));
    }

    #[test]
    fn a_masked_statement_has_no_literal_and_stays_masked(script in prop::sample::select(STATEMENTS)) {
        let masked = normalize(script);
        prop_assert!(!masked.contains('\''), "{}", masked);
        prop_assert_eq!(normalize(&masked), masked);
    }

    #[test]
    fn a_quoted_name_is_read_back(schema in "\\PC{1,15}", name in "[^\\x00]{1,15}") {
        prop_assume!(schema.len() <= 63 && name.len() <= 63);
        let relation = RelationName::in_schema(schema, name);
        prop_assert_eq!(relation.to_string().parse::<RelationName>().unwrap(), relation.clone());
        let sql = format!("SELECT 1 FROM {relation}");
        let parsed = parse(&sql, &Limits::default()).unwrap();
        prop_assert_eq!(&parsed.statements[0].relations()[0].relation, &relation);
    }

    #[test]
    fn a_quoted_literal_is_read_back(text in "[^\\x00]{0,40}") {
        let trees = tree(&format!("SELECT {}", quote_literal(&text)), &Limits::default()).unwrap();
        let constant = &trees[0]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]["A_Const"];
        let read = constant["sval"]["sval"].as_str().unwrap_or_default();
        prop_assert_eq!(read, text);
    }

    #[test]
    fn quoting_is_one_token(name in "[^\\x00]{1,30}") {
        let sql = format!("SELECT 1 AS {}", quote_ident(&name));
        let parsed = parse(&sql, &Limits::default());
        prop_assert!(parsed.is_ok() || name.len() > 63, "{}", sql);
        prop_assert_eq!(parsed.unwrap().statements.len(), 1);
    }
}
