//! What indexes cost the statements that write.

use serde_json::Value;

use super::access::{children, number, strings, text};
use super::catalog::{Catalog, Relation};
use super::constants::values_of;
use super::definition::{Definition, Method};
use super::deparsed::{Shape, conditions, term};
use super::size;

/// A statement that changes a relation.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    relation: u32,
    weight: f64,
    /// Rows that one run of it writes.
    rows: f64,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    /// The value of each column in order, as the server prints it; empty where rows come from a query.
    Insert(Vec<String>),
    /// The columns that are set, each with its value where that is a constant.
    Update(Vec<(String, Option<String>)>),
}

/// What a row costs without any index, an insertion into a B-tree being 1.
const ROW: f64 = 1.0;
/// What a statement costs beside its rows, in the same: to be read, planned, started and ended. Measured: 38 µs for a
/// statement that inserts a row into a table with one index, and 5 to 10 for each B-tree more.
const STATEMENT: f64 = 4.0;
/// Finding the row that is updated.
const LOOKUP: f64 = 0.5;
/// The look at the referenced row.
const FOREIGN_KEY: f64 = 1.0;
/// Rows of one statement that are believed.
const ROWS_MAX: f64 = 1_000_000.0;

/// The writes in a plan, at most one.
pub(crate) fn write(statement: &str, plan: &Value, weight: f64, catalog: &Catalog) -> Option<Write> {
    if text(plan, "Node Type") != Some("ModifyTable") {
        return None;
    }
    let relation = catalog.of_name(text(plan, "Schema")?, text(plan, "Relation Name")?)?;
    let change = match text(plan, "Operation")? {
        "Insert" => {
            let values = children(plan)
                .first()
                .map(|below| strings(below, "Output"))
                .unwrap_or_default();
            let values = if values.len() == relation.columns.len() {
                values
            } else {
                Vec::new()
            };
            Change::Insert(values.into_iter().map(str::to_owned).collect())
        }
        "Update" => Change::Update(assignments(statement)),
        _ => return None,
    };
    let rows = children(plan)
        .first()
        .map_or(1.0, |below| number(below, "Plan Rows"));
    Some(Write {
        relation: relation.oid,
        weight,
        rows: rows.clamp(1.0, ROWS_MAX),
        change,
    })
}

/// The columns that an UPDATE sets.
fn assignments(statement: &str) -> Vec<(String, Option<String>)> {
    let trees = howdah_sql::tree(statement, &howdah_sql::Limits::default()).unwrap_or_default();
    let targets = trees
        .first()
        .and_then(|tree| tree.get("UpdateStmt")?.get("targetList")?.as_array());
    let targets = targets.map_or(&[][..], Vec::as_slice);
    let one = |target: &Value| {
        let target = target.get("ResTarget")?;
        let name = target.get("name")?.as_str()?.to_owned();
        let constant = target.get("val").and_then(|value| value.get("A_Const"));
        let text = constant.and_then(|constant| constant.get("sval")?.get("sval")?.as_str());
        Some((name, text.map(str::to_owned)))
    };
    targets.iter().filter_map(one).collect()
}

/// What an index adds to one of the writes.
#[derive(Debug, Clone)]
pub(crate) struct Added {
    /// The write, by number.
    write: usize,
    /// What a row of it costs more, in B-tree insertions.
    row: f64,
    /// Whether the write changes a column of the index, so that a row's new version is one that every index has to know.
    is_changed: bool,
}

/// What an index would add to the writes: those of its relation whose rows it would hold.
pub(crate) fn added(writes: &[Write], definition: &Definition, catalog: &Catalog) -> Vec<Added> {
    let one = |(at, write): (usize, &Write)| {
        let relation = catalog.relations.get(&write.relation)?;
        if definition.relation != write.relation {
            return None;
        }
        let (row, is_changed) = match &write.change {
            Change::Insert(values) => {
                let mut predicate = definition.predicate.iter();
                let row = match predicate.all(|condition| may_hold(condition, values, relation)) {
                    false => 0.0,
                    true if puts_nothing(definition, values, relation) => 1.0,
                    true => size::insertion(definition, relation),
                };
                (row, true)
            }
            Change::Update(set) => {
                let mut predicate = definition.predicate.iter();
                let row = match predicate.any(|condition| is_contradicted(condition, set)) {
                    true => 0.0,
                    false => size::insertion(definition, relation),
                };
                (row, changes(set, &definition.columns))
            }
        };
        Some(Added {
            write: at,
            row,
            is_changed,
        })
    };
    writes.iter().enumerate().filter_map(one).collect()
}

/// What the writes cost, in B-tree insertions, with indexes that add this beside those that are there.
pub(crate) fn total<'a>(
    writes: &[Write],
    indexes: impl Iterator<Item = &'a Vec<Added>>,
    catalog: &Catalog,
) -> f64 {
    let mut rows = vec![0.0; writes.len()];
    let mut changed = vec![false; writes.len()];
    for added in indexes.flatten() {
        rows[added.write] += added.row;
        changed[added.write] |= added.is_changed;
    }
    let one = |((write, added), is_changed): ((&Write, f64), bool)| {
        let relation = catalog.relations.get(&write.relation)?;
        let row = write.row(relation, added, is_changed);
        Some(write.weight * (STATEMENT + write.rows * row))
    };
    writes.iter().zip(rows).zip(changed).filter_map(one).sum()
}

impl Write {
    /// What a row costs where more indexes add so much to one that every index has to know, and whether they make it one.
    fn row(&self, relation: &Relation, added: f64, is_changed: bool) -> f64 {
        let existing = relation.existing.len() as f64;
        match &self.change {
            Change::Insert(_) => ROW + FOREIGN_KEY * f64::from(relation.foreign_keys) + existing + added,
            Change::Update(set) => {
                let is_changed =
                    is_changed || relation.existing.iter().any(|index| changes(set, &index.columns));
                ROW + LOOKUP + if is_changed { existing + added } else { 0.0 }
            }
        }
    }
}

/// Whether any of these columns is set.
fn changes(set: &[(String, Option<String>)], columns: &[String]) -> bool {
    set.iter().any(|(name, _)| columns.contains(name))
}

/// Whether a row with these values may be one of the predicate's.
fn may_hold(condition: &str, values: &[String], relation: &Relation) -> bool {
    for (column, value) in relation.columns.iter().zip(values) {
        let name = howdah_sql::quote_ident(&column.name);
        let Some(rest) = condition.strip_prefix(&name) else {
            continue;
        };
        let is_null = value.starts_with("NULL");
        match rest {
            " IS NULL" => return is_null,
            " IS NOT NULL" => return !is_null,
            "" => return value != "false",
            _ => {
                let is_constant = value.starts_with('\'') || value.starts_with(|c: char| c.is_ascii_digit());
                if let Some(expected) = rest.strip_prefix(" = ") {
                    return !is_constant || value == expected;
                }
                if rest.starts_with(" <> ") && is_constant {
                    return !is_shut_out(condition, value);
                }
            }
        }
    }
    true
}

/// Whether a row with these values has nothing that would be taken out of it for an inverted index.
fn puts_nothing(definition: &Definition, values: &[String], relation: &Relation) -> bool {
    let is_null = |name: &String| {
        let mut pairs = relation.columns.iter().zip(values);
        pairs.any(|(column, value)| column.name == *name && value.starts_with("NULL"))
    };
    definition.method == Method::Gin && definition.columns.iter().all(is_null)
}

/// Whether what is set cannot be a row of the predicate's.
fn is_contradicted(condition: &str, set: &[(String, Option<String>)]) -> bool {
    set.iter().any(|(name, value)| {
        let Some(rest) = condition.strip_prefix(&howdah_sql::quote_ident(name)) else {
            return false;
        };
        match (rest.strip_prefix(" = "), value) {
            (Some(expected), Some(value)) => !expected.starts_with(&howdah_sql::quote_literal(value)),
            (None, Some(value)) if rest.starts_with(" <> ") => {
                is_shut_out(condition, &howdah_sql::quote_literal(value))
            }
            _ => false,
        }
    })
}

/// Whether a constant, as the server prints it, is one of those that the predicate's rows do not hold.
fn is_shut_out(condition: &str, value: &str) -> bool {
    let read = conditions(condition);
    let shut_out = read.iter().find(|one| one.shape == Shape::Differs);
    let constant = shut_out.and_then(|one| one.value.as_ref()?.constant());
    let (Some(constant), Some(value)) = (constant, term(value).constant()) else {
        return false;
    };
    values_of(&constant).contains(&value.as_str())
}

#[cfg(test)]
mod tests {
    use super::{is_contradicted, is_shut_out};

    #[test]
    fn rows_leave_a_predicate_that_shuts_their_value_out() {
        let condition = "state <> ALL ('{sent,done}'::text[])";
        assert!(is_shut_out(condition, "'done'::text") && !is_shut_out(condition, "'lost'::text"));
        assert!(is_shut_out("status <> 2", "2") && !is_shut_out("status <> 2", "3"));
        let set = |value: &str| vec![("state".to_owned(), Some(value.to_owned()))];
        assert!(is_contradicted(condition, &set("sent")) && !is_contradicted(condition, &set("lost")));
        assert!(is_contradicted("state = 'lost'::text", &set("sent")));
        assert!(!is_contradicted("paid < due", &set("sent")));
    }
}
