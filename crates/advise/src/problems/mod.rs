//! What is wrong with the indexes that are there.

mod bloated;
mod duplicate;
mod foreign_key;
mod invalid;
mod model;
mod oversized;
mod restored;
mod unused;
mod unused_tables;

use howdah_core::{Applicability, Finding, Fix, Result, Severity};
use howdah_pg::Session;
use howdah_sql::RelationName;
use schemars::JsonSchema;
use serde::Serialize;

pub use model::Statistics;
use model::{Index, Model};
pub use unused_tables::{UnusedTable, unused_tables};

/// A problem of an index, or of a table that lacks one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IndexProblem {
    /// What is wrong, what it rests on, and what to do.
    #[serde(flatten)]
    pub finding: Finding,
    /// The table.
    pub table: String,
    /// Bytes that would be gained, or that the index takes.
    pub bytes: u64,
    /// What brings back what the fix drops, with its comment, its place and its statistics: one statement a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
}

/// The problems, and what they rest on.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct IndexProblems {
    /// The database.
    pub database: String,
    /// The gravest first, then the largest.
    pub problems: Vec<IndexProblem>,
    /// Indexes that were looked at.
    pub indexes: usize,
    /// What the counters of use are worth.
    pub statistics: Statistics,
    /// What could not be looked at, and how it could be.
    pub notes: Vec<String>,
}

/// Finds what is wrong with the indexes of the session's database; nothing is changed. `schemas` narrows it down.
///
/// # Errors
/// As the server fails.
pub async fn find(session: &mut Session, schemas: &[String]) -> Result<IndexProblems> {
    let model = Model::read(session, schemas).await?;
    let mut notes: Vec<String> = locked(&model).into_iter().collect();
    let mut problems = invalid::find(&model);
    problems.extend(duplicate::find(&model));
    let superfluous: Vec<Option<String>> = problems.iter().map(|one| one.finding.object.clone()).collect();
    problems.extend(
        unused::find(&model, &mut notes)
            .into_iter()
            .filter(|one| !superfluous.contains(&one.finding.object)),
    );
    problems.extend(foreign_key::find(&model));
    problems.extend(bloated::find(session, &model, &mut notes).await?);
    problems.extend(oversized::find(&model));
    problems.sort_by(|a, b| {
        let key = |one: &IndexProblem| {
            (
                std::cmp::Reverse(one.finding.severity),
                std::cmp::Reverse(one.bytes),
            )
        };
        key(a)
            .cmp(&key(b))
            .then_with(|| a.finding.code.cmp(&b.finding.code))
            .then_with(|| a.finding.object.cmp(&b.finding.object))
    });
    restored::tell(session, &model, &mut problems).await?;
    Ok(IndexProblems {
        database: model.database,
        indexes: model.indexes.len(),
        statistics: model.statistics,
        problems,
        notes,
    })
}

/// Which tables are left out, as others lock them wholly.
fn locked(model: &Model) -> Option<String> {
    const NAMED: usize = 10;
    let names: Vec<String> = model.locked.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match model.locked.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!names.is_empty()).then(|| {
        format!(
            "Left out, as another session locks it wholly or waits to: {}{more}. `howdah activity` says which.",
            names.join(", ")
        )
    })
}

/// A problem of one index.
fn of_index(
    index: &Index,
    code: &str,
    severity: Severity,
    message: String,
    evidence: Vec<String>,
    fix: Fix,
) -> IndexProblem {
    IndexProblem {
        finding: Finding {
            code: format!("index/{code}"),
            severity,
            object: Some(index.name.to_string()),
            span: None,
            message,
            evidence,
            fix: Some(fix),
            guide: None,
        },
        table: index.table.to_string(),
        bytes: index.bytes,
        undo: None,
    }
}

/// Drops an index without keeping anybody from the table; of a partitioned table that is not possible.
fn dropping(index: &Index, applicability: Applicability) -> Fix {
    let how = if index.is_partitioned {
        "DROP INDEX"
    } else {
        "DROP INDEX CONCURRENTLY"
    };
    Fix {
        sql: format!("{how} {};", index.name),
        applicability,
    }
}

/// A name beside the table's.
fn beside(table: &RelationName, name: &str) -> RelationName {
    match &table.schema {
        Some(schema) => RelationName::in_schema(schema.clone(), name),
        None => RelationName::in_schema("public", name),
    }
}
