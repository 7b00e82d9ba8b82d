//! What kind of statement a text is, and what it names, before any server is asked.

use howdah_sql::Limits;
use serde_json::Value;

use super::GuardError;
use super::mention::{self, Grammar, Mentions};
use super::refusal::Refusal;

/// A statement that may be run if everything it names proves harmless.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    /// What it names; for EXPLAIN, what the explained statement names.
    pub(super) mentions: Mentions,
    /// The text that the analyser is asked about: the statement, or what EXPLAIN explains.
    pub(super) analysed: Option<&'a str>,
    /// Whether it plans for whatever values its `$1`… may have: EXPLAIN with GENERIC_PLAN.
    pub(super) without_values: bool,
}

/// Nesting of comments that is read: the grammar's scanner, here and on the server, takes
/// time by the square of it.
const COMMENT_DEPTH_MAX: usize = 64;
/// Beginnings of comments, wherever they stand.
const COMMENTS_MAX: usize = 4_000;
/// Semicolons outside of quotes that are read before a text is taken for a script.
const SEMICOLONS_MAX: usize = 100;

/// Turns away, in one pass, texts that would only cost time and memory to parse.
///
/// Quotes are followed roughly: what is turned away by mistake is a text that nobody writes.
pub(super) fn bounded(sql: &str) -> Result<(), Refusal> {
    let bytes = sql.as_bytes();
    let (mut depth, mut semicolons, mut at) = (0usize, 0usize, 0usize);
    let mut quote = None;
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        match (quote, byte, next) {
            (Some(open), byte, _) if open == *byte => quote = None,
            (Some(_), ..) => {}
            (None, b'/', Some(b'*')) => {
                depth += 1;
                at += 1;
            }
            (None, b'*', Some(b'/')) if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            (None, b'\'' | b'"', _) if depth == 0 => quote = Some(*byte),
            (None, b';', _) if depth == 0 => semicolons += 1,
            _ => {}
        }
        if depth > COMMENT_DEPTH_MAX {
            return Err(Refusal::new(
                "The comments of the text are nested too deep to be read.",
            ));
        }
        if semicolons > SEMICOLONS_MAX {
            return Err(
                Refusal::new("The text holds many statements.").hint("Send one statement in each call.")
            );
        }
        at += 1;
    }
    // A quote that was misread may have hidden some.
    if sql.matches("/*").count() > COMMENTS_MAX {
        return Err(Refusal::new("The text holds too many comments."));
    }
    Ok(())
}

/// Reads the text: one statement, of a kind that only reads.
pub(super) fn read(sql: &str) -> Result<Candidate<'_>, GuardError> {
    bounded(sql)?;
    let trees = howdah_sql::tree(sql, &Limits::default())?;
    let tree = match trees.as_slice() {
        [tree] => tree,
        [] => return Err(Refusal::new("There is no statement in the text.").into()),
        several => {
            return Err(
                Refusal::new(format!("The text holds {} statements.", several.len()))
                    .hint("Send one statement in each call.")
                    .into(),
            );
        }
    };
    let (tag, inner) = tagged(tree);
    match tag {
        "SelectStmt" => Ok(Candidate {
            mentions: mention::mentions(tree, Grammar::Read)?,
            analysed: Some(sql),
            without_values: false,
        }),
        "VariableShowStmt" => Ok(Candidate {
            mentions: Mentions::default(),
            analysed: None,
            without_values: false,
        }),
        "ExplainStmt" => explain(sql, inner),
        tag => Err(Refusal::statement(tag).into()),
    }
}

fn explain<'a>(sql: &'a str, explain: &Value) -> Result<Candidate<'a>, GuardError> {
    let Some(query) = explain.get("query") else {
        return Err(Refusal::unknown_syntax("EXPLAIN").into());
    };
    let options = explain
        .get("options")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let grammar = match tagged(query).0 {
        "SelectStmt" => Grammar::Read,
        "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt"
            if !options.iter().any(|option| is_on(option, "analyze")) =>
        {
            Grammar::Planned
        }
        "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" => {
            return Err(
                Refusal::new("EXPLAIN with ANALYZE runs the statement, which writes.")
                    .hint("Leave ANALYZE out to see the plan.")
                    .into(),
            );
        }
        tag => {
            let refusal = Refusal::statement(tag);
            return Err(refusal
                .hint("EXPLAIN is for queries, INSERT, UPDATE, DELETE and MERGE here.")
                .into());
        }
    };
    Ok(Candidate {
        mentions: mention::mentions(query, grammar)?,
        analysed: explained(sql, !options.is_empty()).filter(|inner| is_text_of(inner, query)),
        without_values: options.iter().any(|option| is_on(option, "generic_plan")),
    })
}

/// Whether an option of EXPLAIN is the one of that name, and not turned off.
fn is_on(option: &Value, wanted: &str) -> bool {
    let (_, option) = tagged(option);
    let name = option.get("defname").and_then(Value::as_str).unwrap_or_default();
    if !name.eq_ignore_ascii_case(wanted) {
        return false;
    }
    let Some((_, value)) = option.get("arg").map(tagged) else {
        return true;
    };
    let word = value.get("sval").and_then(Value::as_str).map(str::to_lowercase);
    // An integer 0 is left out of the tree.
    let off = match word {
        Some(word) => matches!(word.as_str(), "false" | "off" | "0"),
        None => value.get("ival").and_then(Value::as_i64).unwrap_or(0) == 0 && value.get("boolval").is_none(),
    };
    !off
}

/// The text behind EXPLAIN and its options.
fn explained(sql: &str, has_options: bool) -> Option<&str> {
    let mut rest = after_space(sql)?;
    rest = after_word(rest, "explain")?;
    if !has_options {
        return Some(rest);
    }
    rest = after_space(rest)?;
    if rest.starts_with('(') {
        let mut depth = 0usize;
        let mut quote = None;
        for (at, c) in rest.char_indices() {
            match (quote, c) {
                (Some(open), _) if open == c => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, '(') => depth += 1,
                (None, ')') => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(&rest[at + 1..]);
                    }
                }
                _ => {}
            }
        }
        return None;
    }
    for word in ["analyze", "analyse", "verbose"] {
        if let Some(after) = after_word(rest, word) {
            rest = after_space(after)?;
        }
    }
    Some(rest)
}

fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let head = text.get(..word.len())?;
    let rest = &text[word.len()..];
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'));
    (ends && head.eq_ignore_ascii_case(word)).then_some(rest)
}

/// Behind white space and comments.
fn after_space(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
        if let Some(comment) = rest.strip_prefix("--") {
            rest = &comment[comment.find(['\n', '\r'])?..];
        } else if rest.starts_with("/*") {
            let mut depth = 0usize;
            let mut at = 0;
            loop {
                let tail = rest.get(at..)?;
                if tail.starts_with("/*") {
                    depth += 1;
                    at += 2;
                } else if tail.starts_with("*/") {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    at += tail.chars().next()?.len_utf8();
                }
            }
            rest = &rest[at..];
        } else {
            return Some(rest);
        }
    }
}

/// Whether the text parses to the same tree, positions aside.
fn is_text_of(text: &str, tree: &Value) -> bool {
    match howdah_sql::tree(text, &Limits::default()).as_deref() {
        Ok([parsed]) => same(parsed, tree),
        _ => false,
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let place = |key: &str| key.ends_with("location") || key == "stmt_len";
            let fields = |map: &serde_json::Map<String, Value>| map.keys().filter(|key| !place(key)).count();
            fields(a) == fields(b)
                && a.iter()
                    .filter(|(key, _)| !place(key))
                    .all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}

/// The tag of a node and what is under it.
fn tagged(node: &Value) -> (&str, &Value) {
    node.as_object()
        .and_then(|map| map.iter().next())
        .map_or(("", &Value::Null), |(tag, inner)| (tag.as_str(), inner))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_statements_that_read_are_candidates() {
        for sql in [
            "SELECT 1",
            "VALUES (1)",
            "TABLE t",
            "SHOW work_mem",
            "EXPLAIN SELECT 1",
            "EXPLAIN ANALYZE SELECT 1",
            "EXPLAIN (ANALYZE off) DELETE FROM t",
            "EXPLAIN (ANALYZE 0) DELETE FROM t",
            "EXPLAIN (COSTS off) INSERT INTO t VALUES (1)",
            "WITH x AS (SELECT 1) SELECT * FROM x;",
        ] {
            assert!(read(sql).is_ok(), "{sql}: {:?}", read(sql).err());
        }
        for sql in [
            "",
            "-- nothing",
            "SELECT 1; SELECT 2",
            "SELECT 1 INTO t",
            "SELECT 1 FROM t FOR UPDATE",
            "SELECT 1 FROM (SELECT 1 FROM t FOR SHARE) x",
            "WITH x AS (DELETE FROM t RETURNING 1) SELECT 1",
            "SELECT 1 WHERE EXISTS (WITH x AS (INSERT INTO t VALUES (1) RETURNING 1) SELECT 1 FROM x)",
            "EXPLAIN ANALYZE DELETE FROM t",
            "EXPLAIN (ANALYZE) DELETE FROM t",
            "EXPLAIN (ANALYZE 'on') DELETE FROM t",
            "EXPLAIN (ANALYZE 1) DELETE FROM t",
            "EXPLAIN (analyze true) DELETE FROM t",
            "EXPLAIN (\"analyze\") DELETE FROM t",
            "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
            "EXPLAIN EXECUTE p",
            "EXPLAIN DECLARE c CURSOR FOR SELECT 1",
            "EXPLAIN REFRESH MATERIALIZED VIEW m",
            "COPY (SELECT 1) TO STDOUT",
            "DO 'begin end'",
            "CALL p()",
            "SET x.y = 1",
            "BEGIN",
            "PREPARE p AS SELECT 1",
            "EXECUTE p",
            "DECLARE c CURSOR FOR SELECT 1",
            "LISTEN x",
            "NOTIFY x",
            "LOCK t",
            "VACUUM",
            "DISCARD ALL",
            "RESET ALL",
            "CREATE TABLE t ()",
            "SELEC 1",
        ] {
            assert!(read(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn texts_that_only_cost_time_are_turned_away() {
        let deep = format!("SELECT {}1{}", "/*".repeat(100_000), "*/".repeat(100_000));
        let many = "SELECT 1;".repeat(50_000);
        let hidden = format!("SELECT E'\\'', {}1", "/*".repeat(100_000));
        for sql in [deep, many, hidden] {
            assert!(bounded(&sql).is_err());
        }
        let closed = format!("SELECT E'\\'', {}1 '", "/*".repeat(100_000));
        assert!(bounded(&closed).is_err());
        let literal = format!("SELECT '{}', '/*/*', 1 /* a /* b */ */;", ";/*".repeat(1000));
        assert!(bounded(&literal).is_ok());
    }

    #[test]
    fn the_explained_text_is_found() {
        for (sql, inner) in [
            ("EXPLAIN SELECT 1", "SELECT 1"),
            (
                " /* a /* b */ */ explain -- c\n analyze verbose SELECT 1",
                "SELECT 1",
            ),
            ("EXPLAIN (SELECT 1)", "(SELECT 1)"),
            ("EXPLAIN (ANALYZE, FORMAT json) (SELECT 1)", "(SELECT 1)"),
            ("EXPLAIN ANALYZE(SELECT ')')", "(SELECT ')')"),
        ] {
            assert_eq!(read(sql).unwrap().analysed.map(str::trim), Some(inner), "{sql}");
        }
    }
}
