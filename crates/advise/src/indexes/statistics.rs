//! The workload as pg_stat_statements has counted it.

use howdah_core::{Error, Result};
use howdah_pg::Session;
use howdah_pg::catalog::{Query, Reading};
use howdah_sql::Kind;

use super::repaired::repaired;
use super::workload::Workload;

/// Reads the statements of the session's database with their calls as weights, and says what could not be seen.
///
/// # Errors
/// Where the extension is not there, with how to get it; else as the server fails.
pub async fn counted(session: &mut Session) -> Result<(Workload, Vec<String>)> {
    let context = Query::new(include_str!("../../queries/statements_context.sql"), &[]);
    let context = Reading::of(session).one(&context).await?;
    let row = context.first();
    let is = |column: usize| row.is_some_and(|row| row.is_true(column));
    let Some(schema) = row.and_then(|row| row.get(0)) else {
        return Err(without(is(1), is(3), is(4)));
    };
    if !is(1) {
        return Err(without(false, true, is(4)));
    }
    let since = is(6).then(|| include_str!("../../queries/statements_since.sql").replace("{schema}", schema));
    let sql = include_str!("../../queries/statements.sql").replace("{schema}", schema);
    let rows = Reading::of(session).one(&Query::new(&sql, &[])).await?;
    let mut workload = Workload::default();
    let mut hidden = 0;
    for row in rows.iter() {
        let text = row.get(0).unwrap_or_default();
        if text.is_empty() || text == "<insufficient privilege>" {
            hidden += 1;
            continue;
        }
        // As it stands it may be no statement, and then what it is of does not show.
        let text = repaired(text);
        if is_of_an_application(&text) {
            workload.add_run(&text, Vec::new(), row.parse(1).unwrap_or(1.0), row.parse(2), 0);
        }
    }
    let mut notes = Vec::new();
    if let Some(sql) = since {
        let rows = Reading::of(session).one(&Query::new(&sql, &[])).await?;
        notes.extend(rows.first().and_then(|row| {
            counted_since(
                row.parse(0)?,
                row.parse(1).unwrap_or(0.0),
                row.get(2).unwrap_or_default(),
            )
        }));
    }
    if hidden > 0 {
        notes.push(format!(
            "{hidden} statements of other roles are hidden from this one: a member of pg_read_all_stats sees them."
        ));
    } else if !is(2) {
        notes.push(
            "This role sees its own statements only: a member of pg_read_all_stats sees all.".to_owned(),
        );
    }
    if workload.statements.is_empty() {
        notes.push(
            "pg_stat_statements has counted no statement of this database that has a plan: give a file of statements with \
             --queries, or a log with --log."
                .to_owned(),
        );
    }
    Ok((workload, notes))
}

/// What is to be said of how long the counters have counted.
fn counted_since(hours: f64, thrown_out: f64, when: &str) -> Option<String> {
    if hours < WEEK_HOURS {
        return Some(format!(
            "pg_stat_statements has counted since {when} only ({:.0} hours): what runs weekly or monthly may not be there, \
             so that no index is to be dropped for what is seen here.",
            hours.max(0.0)
        ));
    }
    (thrown_out > 0.0).then(|| {
        format!(
            "pg_stat_statements threw statements out {thrown_out} times to make room since {when}: rare ones are missing, \
             as long as pg_stat_statements.max is not raised."
        )
    })
}

/// What a business does, it does within a week for the most part.
const WEEK_HOURS: f64 = 168.0;

fn without(is_loaded: bool, is_available: bool, is_rds: bool) -> Error {
    let hint = match (is_loaded, is_available, is_rds) {
        (true, ..) => "It is loaded: run CREATE EXTENSION pg_stat_statements in this database.",
        (false, _, true) => {
            "Add it to shared_preload_libraries in the parameter group (Aurora has it there by default), reboot, \
             and run CREATE EXTENSION pg_stat_statements as a member of rds_superuser."
        }
        (false, true, false) => {
            "Add it to shared_preload_libraries, restart the server, and run CREATE EXTENSION pg_stat_statements."
        }
        (false, false, false) => {
            "Install the package postgresql-contrib on the server, add it to shared_preload_libraries, restart, \
             and run CREATE EXTENSION pg_stat_statements."
        }
    };
    Error::refused(
        "The extension pg_stat_statements, which counts statements, is not in use in this database.",
    )
    .hint(format!(
        "{hint} Or give a file of statements with --queries, or a log with --log."
    ))
}

/// What an index could serve: not DDL, settings or transaction control, and not what tools ask of the catalog
/// and of Howdah's journal.
pub(crate) fn is_of_an_application(text: &str) -> bool {
    let Ok(script) = howdah_sql::parse(text, &howdah_sql::Limits::default()) else {
        return true;
    };
    let planned = |statement: &howdah_sql::Statement| {
        matches!(
            statement.kind(),
            Kind::Select
                | Kind::SelectLocking
                | Kind::SelectWriting
                | Kind::Insert
                | Kind::Update
                | Kind::Delete
                | Kind::Merge
        )
    };
    let is_catalog = |schema: Option<&str>, name: &str| {
        matches!(schema, Some("pg_catalog" | "information_schema" | "howdah"))
            || (schema.is_none() && name.starts_with("pg_"))
    };
    match script.statements.as_slice() {
        [one] => {
            let relations = one.relations();
            planned(one)
                && !relations.is_empty()
                && !relations
                    .iter()
                    .any(|found| is_catalog(found.relation.schema.as_deref(), &found.relation.name))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_ask_is_left_out() {
        assert!(is_of_an_application("SELECT * FROM orders WHERE id = $1"));
        assert!(!is_of_an_application("SELECT relname FROM pg_class"));
        assert!(!is_of_an_application("SET x = 1"));
        assert!(!is_of_an_application("SELECT 1"));
    }
}
