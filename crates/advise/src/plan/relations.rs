//! What the server knows of the relations of a plan.

use std::collections::{BTreeMap, BTreeSet};

use howdah_pg::catalog::{Query, Reading};
use howdah_pg::{Connection, PgError};

use super::Plan;
use crate::array;

/// What is known of a relation beside the plan.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RelationFacts {
    /// Rows, as the catalog has it.
    pub rows: f64,
    /// Rows that changed since the last ANALYZE.
    pub changed: f64,
    /// Whether it was analysed ever.
    pub analyzed: bool,
}

/// The relations by schema and name; those of a plan that tells no schemas are not found.
///
/// # Errors
/// As the server fails.
pub async fn read_relations(
    connection: &mut Connection,
    plan: &Plan,
) -> Result<BTreeMap<(String, String), RelationFacts>, PgError> {
    let names: BTreeSet<(&str, &str)> = plan
        .nodes
        .iter()
        .filter_map(|node| Some((node.schema.as_deref()?, node.relation.as_deref()?)))
        .collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let schemas = array(names.iter().map(|(schema, _)| *schema));
    let relations = array(names.iter().map(|(_, relation)| *relation));
    let params = [Some(schemas.as_str()), Some(relations.as_str())];
    let query = Query::new(include_str!("../../queries/plan_relations.sql"), &params);
    let rows = Reading::of(connection).one(&query).await?;
    let read = rows.iter().map(|row| {
        let text = |at: usize| row.get(at).unwrap_or_default().to_owned();
        let facts = RelationFacts {
            rows: row.parse(2).unwrap_or(0.0),
            changed: row.parse(3).unwrap_or(0.0),
            analyzed: row.is_true(4),
        };
        ((text(0), text(1)), facts)
    });
    Ok(read.collect())
}
