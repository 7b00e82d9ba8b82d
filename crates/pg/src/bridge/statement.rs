//! A statement as it goes out: without parameters, and the same as came in.

use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{TransactionStmtKind, VariableSetKind};
use howdah_sql::{CopyEnd, Kind, Limits, Statement};
use serde_json::Value;

use super::Fault;
use crate::error::ServerError;

/// Characters that a service takes for one statement.
pub(super) const TEXT_MAX: usize = 65_536;

/// How deep trees may be; what wraps a statement adds a few nodes.
pub(super) fn limits() -> Limits {
    Limits {
        max_depth: Limits::DEEPEST,
        ..Limits::default()
    }
}

/// One statement with its values in place.
#[derive(Debug)]
pub(super) struct Ready {
    /// The text to send.
    pub(super) text: String,
    pub(super) way: Way,
    /// The command tag, without a count.
    pub(super) tag: &'static str,
    /// Of each piece that came in: where it begins in characters there, and in `text`.
    marks: Vec<(usize, usize)>,
}

/// How a statement is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// A query whose rows can be read in pages.
    Read,
    /// A write that returns rows: all of them at once.
    Returning,
    /// As it is.
    Plain,
    /// Transaction control.
    Transaction(Control),
    /// `DISCARD ALL`: there is nothing to discard.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Control {
    /// With what follows the word: `READ ONLY`.
    Begin(String),
    Commit,
    Rollback,
    /// `SAVEPOINT`, `RELEASE`.
    Savepoint,
    RollbackTo,
}

/// Reads a text that holds at most one statement, and puts the values of `$1`… into it as
/// literals: their types are then found by the server as those of untyped parameters are, which
/// a service with typed parameters leaves to its clients.
pub(super) fn ready(sql: &str, params: &[Option<String>]) -> Result<Option<Ready>, Fault> {
    let script = howdah_sql::parse(sql, &limits()).map_err(|error| {
        Fault::Server(Box::new(ServerError {
            severity: "ERROR".to_owned(),
            sqlstate: "42601".to_owned(),
            message: error.message,
            hint: error.hint,
            position: Some(error.position_chars),
            ..ServerError::default()
        }))
    })?;
    let statement = match script.statements.as_slice() {
        [] => return Ok(None),
        [statement] => statement,
        _ => {
            return Err(Fault::new(
                "42601",
                "cannot insert multiple commands into a prepared statement",
                "",
            ));
        }
    };
    let tree = the_tree(statement.text())?;
    let way = way(statement, &tree)?;
    let (text, marks) = with_values(sql, statement, &tree, params)?;
    Ok(Some(Ready {
        text,
        way,
        tag: statement.kind().name(),
        marks,
    }))
}

/// The tree of exactly one statement.
pub(super) fn the_tree(text: &str) -> Result<Value, Fault> {
    match howdah_sql::tree(text, &limits()) {
        Ok(mut trees) if trees.len() == 1 => Ok(trees.remove(0)),
        _ => Err(unlike()),
    }
}

/// What would go out is not what came in: a defect, for which nothing is sent.
pub(super) fn unlike() -> Fault {
    Fault::new(
        "XX000",
        "The statement could not be put into a form for the Data API that is sure to mean the same.",
        "Connect with pgwire or pgwire_iam for this statement.",
    )
}

fn way(statement: &Statement, tree: &Value) -> Result<Way, Fault> {
    let kind = statement.kind();
    let name = kind.name();
    if !kind.runs_in_transaction() && name != "DISCARD ALL" {
        return Err(refused(
            "25001",
            format!(
                "{name} cannot run inside of a transaction, and the Data API runs every statement in one"
            ),
        ));
    }
    if let Some(function) = locks_for_session(tree) {
        return Err(Fault::new(
            "0A000",
            format!(
                "{function} takes a lock for a session, and the Data API gives one for a transaction only: the lock would stay on a session of AWS's that nobody can end."
            ),
            "pg_advisory_xact_lock and pg_try_advisory_xact_lock take one until the transaction ends; or connect with the method pgwire or pgwire_iam.",
        ));
    }
    Ok(match (kind, statement.node()) {
        (Kind::Select | Kind::SelectLocking, _) => Way::Read,
        (Kind::Insert | Kind::Update | Kind::Delete | Kind::Merge, _) => match is_returning(tree) {
            true => Way::Returning,
            false => Way::Plain,
        },
        (Kind::Transaction(_), NodeEnum::TransactionStmt(control)) => {
            Way::Transaction(match control.kind() {
                TransactionStmtKind::TransStmtBegin | TransactionStmtKind::TransStmtStart => {
                    Control::Begin(modes(statement.text()))
                }
                TransactionStmtKind::TransStmtCommit if !control.chain => Control::Commit,
                TransactionStmtKind::TransStmtRollback if !control.chain => Control::Rollback,
                TransactionStmtKind::TransStmtSavepoint | TransactionStmtKind::TransStmtRelease => {
                    Control::Savepoint
                }
                TransactionStmtKind::TransStmtRollbackTo => Control::RollbackTo,
                _ => {
                    return Err(refused(
                        "0A000",
                        format!("{name} of that form is not known to the Data API"),
                    ));
                }
            })
        }
        (Kind::Session("DISCARD ALL"), _) => Way::Nothing,
        (Kind::Session(_), NodeEnum::VariableSetStmt(set))
            if set.is_local || set.kind() == VariableSetKind::VarSetMulti && set.name == "TRANSACTION" =>
        {
            Way::Plain
        }
        (
            Kind::Session(_),
            NodeEnum::ConstraintsSetStmt(_) | NodeEnum::FetchStmt(_) | NodeEnum::ClosePortalStmt(_),
        ) => Way::Plain,
        (Kind::Session(_) | Kind::Prepare(_) | Kind::Execute, _) => {
            return Err(refused(
                "0A000",
                format!(
                    "{name} needs a session that lasts, and the Data API gives one for a transaction only"
                ),
            ));
        }
        (
            Kind::Copy {
                end: CopyEnd::Client, ..
            },
            _,
        ) => {
            return Err(refused(
                "0A000",
                "COPY from or to the client needs a connection that streams, and the Data API has none"
                    .to_owned(),
            ));
        }
        _ if leaves_temporary(tree) => {
            return Err(refused(
                "0A000",
                "A temporary table that is to stay needs a session that lasts, and the Data API gives one for a transaction only (ON COMMIT DROP is possible)".to_owned(),
            ));
        }
        _ => Way::Plain,
    })
}

fn refused(sqlstate: &'static str, message: String) -> Fault {
    Fault::new(
        sqlstate,
        format!("{message}."),
        "Connect with the method pgwire or pgwire_iam for this statement.",
    )
}

/// Whether a write returns rows, and can stand in a WITH.
fn is_returning(tree: &Value) -> bool {
    let Some(statement) = tree.as_object().and_then(|tree| tree.values().next()) else {
        return false;
    };
    let returns = ["returningClause", "returningList"]
        .iter()
        .any(|key| statement.get(key).is_some());
    let with = statement["withClause"]["ctes"].as_array();
    let writes_inside = with
        .into_iter()
        .flatten()
        .any(|member| member["CommonTableExpr"]["ctequery"].get("SelectStmt").is_none());
    returns && !writes_inside
}

/// The function that a statement calls, by its text, to take an advisory lock which outlives its transaction. What functions
/// of the database do inside is not seen here.
fn locks_for_session(tree: &Value) -> Option<&str> {
    const LOCKS: [&str; 4] = [
        "pg_advisory_lock",
        "pg_advisory_lock_shared",
        "pg_try_advisory_lock",
        "pg_try_advisory_lock_shared",
    ];
    match tree {
        Value::Object(fields) => {
            let called = fields
                .get("FuncCall")
                .and_then(|call| call["funcname"].as_array()?.last()?["String"]["sval"].as_str())
                .filter(|name| LOCKS.contains(name));
            called.or_else(|| fields.values().find_map(locks_for_session))
        }
        Value::Array(items) => items.iter().find_map(locks_for_session),
        _ => None,
    }
}

/// Whether a statement makes a temporary relation that outlives its transaction.
fn leaves_temporary(tree: &Value) -> bool {
    match tree {
        Value::Object(fields) => {
            let temporary = |of: &Value| of["relpersistence"] == "t";
            let made = fields
                .get("CreateStmt")
                .is_some_and(|made| temporary(&made["relation"]) && made["oncommit"] != "ONCOMMIT_DROP")
                || fields
                    .get("IntoClause")
                    .or(fields.get("into"))
                    .is_some_and(|into| temporary(&into["rel"]) && into["onCommit"] != "ONCOMMIT_DROP")
                || fields
                    .get("intoClause")
                    .is_some_and(|into| temporary(&into["rel"]) && into["onCommit"] != "ONCOMMIT_DROP")
                || fields
                    .get("ViewStmt")
                    .is_some_and(|made| temporary(&made["view"]))
                || fields
                    .get("CreateSeqStmt")
                    .is_some_and(|made| temporary(&made["sequence"]));
            made || fields.values().any(leaves_temporary)
        }
        Value::Array(items) => items.iter().any(leaves_temporary),
        _ => false,
    }
}

/// What follows `BEGIN`.
fn modes(text: &str) -> String {
    let mut words = text.split_ascii_whitespace().peekable();
    let first = words.next().unwrap_or_default();
    if first.eq_ignore_ascii_case("start") {
        words.next();
    } else if let Some(word) = words.peek()
        && (word.eq_ignore_ascii_case("work") || word.eq_ignore_ascii_case("transaction"))
    {
        words.next();
    }
    words.collect::<Vec<_>>().join(" ")
}

/// The statement's own text with literals in place of parameters.
fn with_values(
    sql: &str,
    statement: &Statement,
    tree: &Value,
    params: &[Option<String>],
) -> Result<(String, Vec<(usize, usize)>), Fault> {
    let text = statement.text();
    let start = sql[..statement.span().start].chars().count();
    let mut found = Vec::new();
    parameters(tree, &mut found);
    found.sort_unstable();
    found.dedup();
    let mut out = String::with_capacity(text.len());
    let mut marks = vec![(start, 0)];
    let mut at = 0;
    for &(location, number) in &found {
        let token = format!("${number}");
        let value = number.checked_sub(1).and_then(|index| params.get(index));
        let Some(value) = value else {
            return Err(Fault::new(
                "42P02",
                format!("there is no parameter {token}"),
                "The Data API takes no statement whose parameters have no values.",
            ));
        };
        let fits = text.get(location..).is_some_and(|rest| {
            rest.starts_with(&token) && !rest[token.len()..].starts_with(|c: char| c.is_ascii_digit())
        });
        if !fits || location < at {
            return Err(unlike());
        }
        out.push_str(&text[at..location]);
        match value {
            // A blank on each side, so that it is a token of its own whatever stands beside it.
            Some(value) => out.push_str(&format!(" {} ", howdah_sql::quote_literal(value))),
            None => out.push_str(" NULL "),
        }
        at = location + token.len();
        marks.push((start + text[..at].chars().count(), out.chars().count()));
    }
    out.push_str(&text[at..]);
    if !found.is_empty() {
        let mut wanted = tree.clone();
        put_values(&mut wanted, params);
        if without_places(wanted) != without_places(the_tree(&out)?) {
            return Err(unlike());
        }
    }
    Ok((out, marks))
}

/// The places and numbers of `$1`….
fn parameters(tree: &Value, found: &mut Vec<(usize, usize)>) {
    match tree {
        Value::Object(fields) => {
            if let Some(param) = fields.get("ParamRef") {
                let number = |key: &str| {
                    let value = param.get(key).and_then(Value::as_u64).unwrap_or(0);
                    usize::try_from(value).unwrap_or(usize::MAX)
                };
                found.push((number("location"), number("number")));
            }
            fields.values().for_each(|value| parameters(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| parameters(item, found)),
        _ => {}
    }
}

/// The tree with literals in place of parameters.
fn put_values(tree: &mut Value, params: &[Option<String>]) {
    match tree {
        Value::Object(fields) => {
            if let Some(param) = fields.get("ParamRef") {
                let number = param["number"].as_u64().and_then(|n| usize::try_from(n).ok());
                let value = number.and_then(|n| params.get(n.checked_sub(1)?));
                let literal = match value.and_then(Option::as_deref) {
                    None => serde_json::json!({"isnull": true}),
                    Some(value) => serde_json::json!({"sval": {"sval": value}}),
                };
                *tree = serde_json::json!({ "A_Const": literal });
                return;
            }
            fields.values_mut().for_each(|value| put_values(value, params));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_values(item, params)),
        _ => {}
    }
}

/// The tree without what only says where something stood.
pub(super) fn without_places(mut tree: Value) -> Value {
    fn strip(tree: &mut Value) {
        match tree {
            Value::Object(fields) => {
                fields.retain(|name, value| {
                    !(value.is_number()
                        && (name == "location"
                            || name == "stmt_location"
                            || name == "stmt_len"
                            || name == "rexpr_list_start"
                            || name == "rexpr_list_end"
                            || name == "list_start"
                            || name == "list_end"))
                });
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut tree);
    tree
}

impl Ready {
    /// Where in what came in something stands that is at `position` of what went out: both in
    /// characters from 1, `before` of which were put before the text.
    pub(super) fn position(&self, position: usize, before: usize) -> Option<usize> {
        let at = position.checked_sub(1)?.checked_sub(before)?;
        if at > self.text.chars().count() {
            return None;
        }
        let &(theirs, ours) = self.marks.iter().rev().find(|(_, ours)| *ours <= at)?;
        // Within a value that was put in, the place is that of its parameter.
        let next = self
            .marks
            .iter()
            .find(|(_, ours)| *ours > at)
            .map(|(theirs, _)| *theirs);
        let place = theirs + (at - ours);
        Some(next.map_or(place, |next| place.min(next.saturating_sub(1))) + 1)
    }
}

/// Refuses what is longer than a service takes.
pub(super) fn bounded(sql: &str) -> Result<(), Fault> {
    let length = sql.chars().count();
    if length <= TEXT_MAX {
        return Ok(());
    }
    Err(Fault::new(
        "54000",
        format!(
            "The statement has {length} characters with its values and what reads its rows, and the Data API takes {TEXT_MAX}."
        ),
        "Send a shorter one, or connect with pgwire or pgwire_iam.",
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn values(given: &[&str]) -> Vec<Option<String>> {
        given.iter().map(|value| Some((*value).to_owned())).collect()
    }

    #[test]
    fn values_become_literals_and_nothing_else() {
        let hostile = "'; DROP TABLE t; --\\";
        let made = ready(
            "/* $1 */ SELECT $1, '$1', $2::int -- $2",
            &values(&[hostile, "7"]),
        )
        .unwrap()
        .unwrap();
        assert_eq!(made.text, r"SELECT  E'''; DROP TABLE t; --\\' , '$1',  '7' ::int");
        assert_eq!(made.way, Way::Read);
        let empty = ready("SELECT $1, $2", &[Some(String::new()), None])
            .unwrap()
            .unwrap();
        assert_eq!(empty.text, "SELECT  '' ,  NULL ");
        assert!(ready("SELECT $2", &values(&["1"])).is_err());
    }

    #[test]
    fn a_place_is_told_in_what_came_in() {
        let sql = "  SELECT $1, wrong, $2";
        let made = ready(sql, &values(&["four", "x"])).unwrap().unwrap();
        let at = made.text.find("wrong").unwrap();
        assert_eq!(
            made.position(at + 1 + 10, 10),
            Some(sql.find("wrong").unwrap() + 1)
        );
        let literal = made.text.find("'four'").unwrap();
        let place = made.position(literal + 1, 0).unwrap();
        assert!((10..=11).contains(&place), "{place}");
        assert_eq!(made.position(3, 10), None);
    }

    #[test]
    fn what_needs_a_session_is_refused_with_the_reason() {
        for (sql, state) in [
            ("LISTEN a", "0A000"),
            ("SET work_mem = '1MB'", "0A000"),
            ("PREPARE a AS SELECT 1", "0A000"),
            ("COPY t FROM STDIN", "0A000"),
            ("CREATE TEMP TABLE t (a int)", "0A000"),
            ("CREATE TEMP TABLE t AS SELECT 1", "0A000"),
            ("SELECT 1 AS a INTO TEMP t", "0A000"),
            ("VACUUM t", "25001"),
            ("CREATE INDEX CONCURRENTLY ON t (a)", "25001"),
            ("SELECT 1; SELECT 2", "42601"),
            ("SELECT pg_advisory_lock(1)", "0A000"),
            (
                "WITH l AS (SELECT pg_catalog.pg_try_advisory_lock(1, 2) AS got) SELECT got FROM l",
                "0A000",
            ),
            ("DELETE FROM t WHERE pg_advisory_lock_shared(id) IS NULL", "0A000"),
        ] {
            let error = ready(sql, &[]).map(|_| ()).unwrap_err().into_error();
            assert_eq!(error.sqlstate, state, "{sql}: {error}");
        }
        for sql in [
            "SET LOCAL work_mem = '1MB'",
            "SET TRANSACTION READ ONLY",
            "CREATE TEMP TABLE t (a int) ON COMMIT DROP",
            "CREATE TABLE t (a int)",
            "DELETE FROM t WHERE pg_advisory_xact_lock(id) IS NULL",
        ] {
            assert_eq!(ready(sql, &[]).unwrap().unwrap().way, Way::Plain, "{sql}");
        }
        let locks = ready("SELECT pg_advisory_lock(1)", &[]).unwrap_err().into_error();
        assert!(locks.hint.unwrap().contains("pg_advisory_xact_lock"));
    }
}
