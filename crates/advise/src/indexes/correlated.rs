//! Columns that go together, which the planner takes for independent: found where a plan was run and had other rows than
//! were expected, and proved by planning with extended statistics in a transaction that is rolled back.

use std::collections::{BTreeMap, BTreeSet};

use howdah_core::Result;
use howdah_pg::{PgError, Session};
use howdah_sql::{RelationName, quote_ident};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::access::{children, number, text};
use super::deparsed::{Shape, conditions};

/// Extended statistics that mend what the planner expects.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Statistic {
    /// What creates them; `ANALYZE` fills them.
    pub create: String,
    /// The condition whose rows were misjudged.
    pub condition: String,
    /// Rows that there are.
    pub rows: f64,
    /// Rows that were expected without them.
    pub expected_without: f64,
    /// Rows that are expected with them.
    pub expected_with: f64,
}

/// A scan whose conditions have other rows than were expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Suspect {
    relation: RelationName,
    columns: BTreeSet<String>,
    condition: String,
}

/// How far an expectation has to be from the truth, as a multiple, and how many rows have to be at stake.
const MISJUDGED: f64 = 8.0;
const ROWS_MIN: f64 = 100.0;
/// What of the error has to be gone.
const MENDED: f64 = 3.0;
/// Columns that statistics may be of.
const COLUMNS_MAX: usize = 4;
/// Combinations of columns that are tried.
const TRIED_MAX: usize = 20;

/// The scans of a plan that was run whose conditions were misjudged.
pub(crate) fn suspects(plan: &Value, found: &mut BTreeSet<Suspect>) {
    found.extend(suspect(plan));
    for child in children(plan) {
        suspects(child, found);
    }
}

fn suspect(plan: &Value) -> Option<Suspect> {
    let relation = RelationName::in_schema(text(plan, "Schema")?, text(plan, "Relation Name")?);
    let (expected, rows) = (
        number(plan, "Plan Rows").max(1.0),
        number(plan, "Actual Rows").max(1.0),
    );
    let is_misjudged = expected.max(rows) >= ROWS_MIN && ratio(expected, rows) >= MISJUDGED;
    // A loop stops early, and a LIMIT makes any scan do so.
    if !is_misjudged || number(plan, "Actual Loops") != 1.0 {
        return None;
    }
    let mut all = Vec::new();
    for field in ["Index Cond", "Filter", "Recheck Cond"] {
        if let Some(condition) = text(plan, field) {
            all.extend(conditions(condition));
        }
    }
    let mut columns = BTreeSet::new();
    let mut texts = BTreeSet::new();
    for condition in &all {
        let is_plain = !condition.whole.at_run_time
            && condition.whole.alias().is_some()
            && !matches!(condition.shape, Shape::Other | Shape::Differs | Shape::Either(_));
        if !is_plain {
            return None;
        }
        columns.extend(condition.key.column().map(str::to_owned));
        texts.insert(condition.whole.sql.clone());
    }
    let texts: Vec<String> = texts.into_iter().map(|text| format!("({text})")).collect();
    (2..=COLUMNS_MAX).contains(&columns.len()).then(|| Suspect {
        relation,
        columns,
        condition: texts.join(" AND "),
    })
}

/// Tries extended statistics for each in the copy, and gives those that mend what is expected.
pub(crate) async fn statistics(copy: &mut Session, suspects: &BTreeSet<Suspect>) -> Result<Vec<Statistic>> {
    let mut by_columns: BTreeMap<(String, &BTreeSet<String>), &Suspect> = BTreeMap::new();
    for suspect in suspects {
        by_columns
            .entry((suspect.relation.to_string(), &suspect.columns))
            .or_insert(suspect);
    }
    let mut found = Vec::new();
    for suspect in by_columns.into_values().take(TRIED_MAX) {
        copy.batch("BEGIN; SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '2s'")
            .await?;
        let outcome = tried(copy, suspect).await;
        copy.batch("ROLLBACK").await?;
        match outcome {
            Ok(one) => found.extend(one),
            // Not of a type that can be compared, or not allowed: then there are none.
            Err(PgError::Server(error)) if !error.is_fatal() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

async fn tried(copy: &mut Session, suspect: &Suspect) -> Result<Option<Statistic>, PgError> {
    let Suspect {
        relation,
        columns,
        condition,
    } = suspect;
    let counted = copy
        .query(&format!("SELECT count(*) FROM {relation} WHERE {condition}"), &[])
        .await?;
    let rows: f64 = counted.first().and_then(|row| row.parse(0)).unwrap_or_default();
    let without = expected(copy, suspect).await?;
    let quoted: Vec<String> = columns.iter().map(|column| quote_ident(column)).collect();
    let words: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut name = format!("{}_{}_stat", relation.name, words.join("_"));
    // As long as a name may be.
    while name.len() > 63 {
        name.pop();
    }
    let name = RelationName {
        schema: relation.schema.clone(),
        name,
    };
    let create = format!(
        "CREATE STATISTICS {name} ON {} FROM {relation}",
        quoted.join(", ")
    );
    copy.batch(&format!("{create}; ANALYZE {relation}")).await?;
    let with = expected(copy, suspect).await?;
    let (before, after) = (ratio(without, rows.max(1.0)), ratio(with, rows.max(1.0)));
    Ok(
        (before >= MISJUDGED && after * MENDED <= before).then(|| Statistic {
            create: format!("{create};"),
            condition: condition.clone(),
            rows,
            expected_without: without,
            expected_with: with,
        }),
    )
}

/// The rows that the planner expects of the condition.
async fn expected(copy: &mut Session, suspect: &Suspect) -> Result<f64, PgError> {
    let sql = format!(
        "EXPLAIN (FORMAT JSON) SELECT FROM {} WHERE {}",
        suspect.relation, suspect.condition
    );
    let rows = copy.query(&sql, &[]).await?;
    let cell = rows.first().and_then(|row| row.get(0)).unwrap_or_default();
    let plan: Value = serde_json::from_str(cell).unwrap_or_default();
    Ok(number(&plan[0]["Plan"], "Plan Rows"))
}

fn ratio(one: f64, other: f64) -> f64 {
    let (one, other) = (one.max(1.0), other.max(1.0));
    (one / other).max(other / one)
}
