//! Quoting names and literals, and reading names as SQL would.
#![allow(clippy::unwrap_used)]

use howdah_sql::{NameError, RelationName, quote_ident, quote_literal};

#[test]
fn names_are_quoted_where_needed() {
    for (name, quoted) in [
        ("users", "users"),
        ("_a1", "_a1"),
        ("Users", "\"Users\""),
        ("1a", "\"1a\""),
        ("a-b", "\"a-b\""),
        ("a$b", "\"a$b\""),
        ("é", "\"é\""),
        ("", "\"\""),
        ("Mixed \" Case", "\"Mixed \"\" Case\""),
        ("select", "\"select\""),
        ("coalesce", "\"coalesce\""),
        ("left", "\"left\""),
        ("name", "name"),
        ("a\nb", "\"a\nb\""),
    ] {
        assert_eq!(quote_ident(name), quoted);
    }
}

#[test]
fn literals_mean_the_same_whatever_the_setting() {
    assert_eq!(quote_literal("it's"), "'it''s'");
    assert_eq!(quote_literal("a\\b'"), "E'a\\\\b'''");
    assert_eq!(quote_literal(""), "''");
}

#[test]
fn names_are_read_as_sql_reads_them() {
    for (text, schema, name) in [
        ("users", None, "users"),
        ("Users", None, "users"),
        ("\"Users\"", None, "Users"),
        (" public . Users ", Some("public"), "users"),
        ("\"a.b\".\"c\"\"d\"", Some("a.b"), "c\"d"),
        ("\"Mixed \"\" Case\"", None, "Mixed \" Case"),
        ("ÉTÉ", None, "ÉtÉ"),
        ("漢字.🐘", Some("漢字"), "🐘"),
        ("\"select\".\"from\"", Some("select"), "from"),
        ("a$1.b_2", Some("a$1"), "b_2"),
        ("\" \"", None, " "),
    ] {
        let read: RelationName = text.parse().unwrap();
        assert_eq!(
            (read.schema.as_deref(), read.name.as_str()),
            (schema, name),
            "{text}"
        );
        assert_eq!(read.to_string().parse::<RelationName>().unwrap(), read);
    }
    assert_eq!(
        RelationName::in_schema("S", "select").to_string(),
        "\"S\".\"select\""
    );
    assert_eq!(RelationName::new("t").to_string(), "t");
}

#[test]
fn what_is_no_name_is_refused() {
    use NameError::*;
    let long = "x".repeat(64);
    for text in ["", " ", ".", "a.", ".a", "\"\"", "a..b", "\"\".a"] {
        assert_eq!(text.parse::<RelationName>(), Err(Empty(text.into())), "{text:?}");
    }
    assert_eq!("\"a".parse::<RelationName>(), Err(Unclosed("\"a".into())));
    assert_eq!("a.b.c".parse::<RelationName>(), Err(TooManyParts("a.b.c".into())));
    assert_eq!(long.parse::<RelationName>(), Err(TooLong(long.clone())));
    // 32 letters of two bytes each are one byte too long.
    assert!("é".repeat(31).parse::<RelationName>().is_ok());
    assert!("é".repeat(32).parse::<RelationName>().is_err());
    for (text, character) in [
        ("1a", '1'),
        ("a b", 'b'),
        ("a;b", ';'),
        ("a-b", '-'),
        ("\"a\"b", 'b'),
        ("\"a\0\"", '\0'),
    ] {
        let expected = Unexpected {
            text: text.into(),
            character,
        };
        assert_eq!(text.parse::<RelationName>(), Err(expected), "{text}");
    }
}

#[test]
fn names_travel_as_text() {
    let name = RelationName::in_schema("s", "T");
    let json = serde_json::to_string(&name).unwrap();
    assert_eq!(json, r#""s.\"T\"""#);
    assert_eq!(serde_json::from_str::<RelationName>(&json).unwrap(), name);
    assert!(serde_json::from_str::<RelationName>("\"a b\"").is_err());
}
