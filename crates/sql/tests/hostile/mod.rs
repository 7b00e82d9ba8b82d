//! Text that is made to use up the stack of whoever reads it.

use howdah_sql::{Limits, SyntaxError, parse, tree};

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
pub(crate) fn survives(n: usize, limits: &Limits) {
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
