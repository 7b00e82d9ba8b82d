use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::CatalogError;
use super::names::find_relation;
use super::reading::{Query, Reading};
use super::relation::{
    Child, Constraint, ForeignReference, Index, Policy, Relation, RelationColumn, RelationKind, RowEstimate,
    Rule, Sizes, Statistics, Trigger,
};
use crate::{Connection, Row, Rows, ServerError};

const RELATION: &str = include_str!("../../queries/catalog/relation.sql");
const COLUMNS: &str = include_str!("../../queries/catalog/columns.sql");
const CONSTRAINTS: &str = include_str!("../../queries/catalog/constraints.sql");
const INDEXES: &str = include_str!("../../queries/catalog/indexes.sql");
const CHILDREN: &str = include_str!("../../queries/catalog/children.sql");
const PUBLICATIONS_13: &str = include_str!("../../queries/catalog/publications_13.sql");
const PUBLICATIONS_15: &str = include_str!("../../queries/catalog/publications_15.sql");
const ATTACHED: &str = include_str!("../../queries/catalog/attached.sql");
const DEFINITION: &str = include_str!("../../queries/catalog/definition.sql");
const SIZES: &str = include_str!("../../queries/catalog/sizes.sql");

/// Everything that the catalog says of the relation that `text` names, in two
/// round trips; see [`find_relation`] for how the name is read.
///
/// An ordinary role sees it all but a sequence's last value, and needs no
/// privilege on the relation. Where another session holds an exclusive lock,
/// what needs a lock to be read is left out, and `unseen` says so.
pub async fn describe_relation(connection: &mut Connection, text: &str) -> Result<Relation, CatalogError> {
    let oid = find_relation(connection, text).await?;
    let oid = oid.to_string();
    let oid = [Some(oid.as_str())];
    let publications = if connection.version_num() >= 150_000 {
        PUBLICATIONS_15
    } else {
        PUBLICATIONS_13
    };
    // What may wait for a lock comes last, so that a failure there spares the rest.
    let sections = [
        RELATION,
        INDEXES,
        publications,
        COLUMNS,
        CONSTRAINTS,
        CHILDREN,
        ATTACHED,
        DEFINITION,
        SIZES,
    ];
    let queries = sections.map(|sql| Query::new(sql, &oid));
    let read = Reading::of(connection).as_far_as_possible(&queries).await?;
    let wanted = text.trim().to_owned();
    match &read.error {
        Some(error) if read.rows.len() < 4 => return Err(unreadable(error, wanted)),
        Some(error) if !is_locked(error) => return Err(unreadable(error, wanted)),
        _ => {}
    }
    let mut sections = read.rows.iter();
    let mut section = || sections.next();
    let Some(mut relation) = section().map(head).transpose()?.flatten() else {
        return Err(CatalogError::Dropped { wanted });
    };
    let mut index_oids = Vec::new();
    for row in section().into_iter().flat_map(Rows::iter) {
        let (oid, index) = index(row)?;
        index_oids.push(oid);
        relation.relation.indexes.push(index);
    }
    for row in section().into_iter().flat_map(Rows::iter) {
        relation
            .relation
            .publications
            .extend(row.get(0).map(str::to_owned));
    }
    for row in section().into_iter().flat_map(Rows::iter) {
        relation
            .relation
            .columns
            .push(document::<RelationColumn>("columns.sql", row.get(0))?);
    }
    for row in section().into_iter().flat_map(Rows::iter) {
        constraint(&mut relation.relation, row)?;
    }
    for row in section().into_iter().flat_map(Rows::iter) {
        let (child, total) = counted::<Child>("children.sql", row.get(0))?;
        relation.relation.children.push(child);
        relation.relation.children_total = total;
    }
    for row in section().into_iter().flat_map(Rows::iter) {
        attached(&mut relation.relation, row)?;
    }
    relation.relation.definition = section()
        .and_then(Rows::first)
        .and_then(|row| row.get(0))
        .map(str::to_owned);
    let measured = match section().and_then(Rows::first) {
        Some(row) => document("sizes.sql", row.get(0))?,
        None => Measured::default(),
    };
    let mut relation = relation.complete(measured, &index_oids);
    if read.error.is_some() {
        relation.unseen.push(
            "Another session holds an exclusive lock on it (see pg_locks): sizes, and perhaps view definition, triggers, policies or partitions, could not be read."
                .to_owned(),
        );
    }
    Ok(relation)
}

fn is_locked(error: &ServerError) -> bool {
    error.sqlstate == "55P03"
}

fn unreadable(error: &ServerError, wanted: String) -> CatalogError {
    match error.sqlstate.as_str() {
        "55P03" => CatalogError::Locked { wanted },
        // undefined_table, and what the functions of the catalog say of an oid that is gone.
        "42P01" => CatalogError::Dropped { wanted },
        "XX000" if error.message.contains("cache lookup failed") => CatalogError::Dropped { wanted },
        _ => CatalogError::Pg(error.clone().into()),
    }
}

/// `relation.sql`: the relation itself, and what is worked into it.
#[derive(Deserialize)]
struct Head {
    #[serde(flatten)]
    relation: Relation,
    #[serde(default)]
    rows: Option<RowFacts>,
    #[serde(default)]
    may_select: Option<bool>,
    #[serde(default)]
    may_use_schema: Option<bool>,
}

#[derive(Deserialize)]
struct RowFacts {
    reltuples: Option<u64>,
    live: Option<u64>,
    dead: Option<u64>,
    changed_since_analyze: Option<u64>,
    statistics_age_s: Option<i64>,
    analyze_age_s: Option<i64>,
}

/// `sizes.sql`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Measured {
    heap: Option<u64>,
    indexes: Option<u64>,
    toast: Option<u64>,
    total: Option<u64>,
    leaf_rows: Option<u64>,
    index_sizes: std::collections::HashMap<u32, u64>,
    last_value: Option<i64>,
}

fn head(rows: &Rows) -> Result<Option<Head>, CatalogError> {
    let Some(row) = rows.first() else { return Ok(None) };
    let mut fields: Value = document("relation.sql", row.get(0))?;
    let facts = fields.get_mut("rows").map(Value::take);
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("rows");
    }
    let mut head: Head = from_value("relation.sql", fields)?;
    head.rows = facts.map(|facts| from_value("relation.sql", facts)).transpose()?;
    Ok(Some(head))
}

impl Head {
    fn complete(self, measured: Measured, index_oids: &[u32]) -> Relation {
        let mut relation = self.relation;
        let kind = relation.kind;
        let is_split = matches!(
            kind,
            RelationKind::PartitionedTable | RelationKind::PartitionedPartition
        );
        relation.rows = self
            .rows
            .map(|facts| facts.estimate(is_split, measured.leaf_rows));
        relation.size = measured.total.map(|total_bytes| Sizes {
            total_bytes,
            heap_bytes: measured.heap.unwrap_or(0),
            index_bytes: measured.indexes.unwrap_or(0),
            toast_bytes: measured.toast.unwrap_or(0),
        });
        for (index, oid) in relation.indexes.iter_mut().zip(index_oids) {
            index.bytes = measured.index_sizes.get(oid).copied();
        }
        if let Some(sequence) = &mut relation.sequence {
            sequence.last_value = measured.last_value;
        }
        if self.may_use_schema == Some(false) {
            relation.unseen.push(format!(
                "This role has no USAGE on schema {}: it cannot name the relation in a query.",
                howdah_sql::quote_ident(&relation.schema)
            ));
        }
        match (self.may_select, kind) {
            (Some(false), RelationKind::Sequence) => relation
                .unseen
                .push("This role has no SELECT on the sequence: its last value is not shown.".to_owned()),
            (Some(false), _) => relation
                .unseen
                .push("This role has no SELECT on any of its columns: its rows and their statistics cannot be read.".to_owned()),
            _ => {}
        }
        relation
    }
}

impl RowFacts {
    fn estimate(self, is_split: bool, leaf_rows: Option<u64>) -> RowEstimate {
        let counted = self.live.filter(|live| *live > 0 && !is_split);
        let (estimate, source) = match (leaf_rows.filter(|_| is_split), self.reltuples, counted) {
            (Some(rows), _, _) => (Some(rows), "statistics of the partitions"),
            (None, Some(rows), _) => (Some(rows), "statistics"),
            (None, None, Some(rows)) => (Some(rows), "activity counters"),
            (None, None, None) => (None, "none"),
        };
        let age = |seconds: Option<i64>| seconds.map(|seconds| u64::try_from(seconds).unwrap_or(0));
        RowEstimate {
            estimate,
            source: source.to_owned(),
            statistics_age_s: age(self.statistics_age_s),
            never_analyzed: self.analyze_age_s.is_none() && !is_split,
            changed_since_analyze: self.changed_since_analyze,
            dead: self.dead,
        }
    }
}

fn index(row: Row<'_>) -> Result<(u32, Index), CatalogError> {
    let mut fields: Value = document("indexes.sql", row.get(0))?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let (full, head) = (text("full_definition"), text("head"));
    // A catalog of a fork may write it otherwise: then the whole statement is shown.
    let definition = full.strip_prefix(head).unwrap_or(full).to_owned();
    let oid = fields
        .get("oid")
        .and_then(Value::as_u64)
        .and_then(|oid| u32::try_from(oid).ok());
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("definition".to_owned(), definition.into());
    }
    Ok((oid.unwrap_or(0), from_value("indexes.sql", fields)?))
}

fn constraint(relation: &mut Relation, row: Row<'_>) -> Result<(), CatalogError> {
    const QUERY: &str = "constraints.sql";
    let json = row.get(1);
    match row.get(0).unwrap_or_default() {
        "primary_key" => {
            #[derive(Deserialize)]
            struct Key {
                columns: Vec<String>,
            }
            relation.primary_key = document::<Key>(QUERY, json)?.columns;
        }
        "referenced_by" => {
            let (reference, total) = counted::<ForeignReference>(QUERY, json)?;
            relation.referenced_by.push(reference);
            relation.referenced_by_total = total.filter(|total| *total > 100);
        }
        "unique" => relation.unique.push(document::<Constraint>(QUERY, json)?),
        "foreign_key" => relation.foreign_keys.push(document::<Constraint>(QUERY, json)?),
        "check" => relation.checks.push(document::<Constraint>(QUERY, json)?),
        _ => relation
            .other_constraints
            .push(document::<Constraint>(QUERY, json)?),
    }
    Ok(())
}

fn attached(relation: &mut Relation, row: Row<'_>) -> Result<(), CatalogError> {
    const QUERY: &str = "attached.sql";
    let json = row.get(1);
    match row.get(0).unwrap_or_default() {
        "trigger" => relation.triggers.push(document::<Trigger>(QUERY, json)?),
        "policy" => relation.policies.push(document::<Policy>(QUERY, json)?),
        "rule" => relation.rules.push(document::<Rule>(QUERY, json)?),
        "view" => {
            #[derive(Deserialize)]
            struct View {
                name: String,
            }
            relation.views.push(document::<View>(QUERY, json)?.name);
        }
        _ => relation.statistics.push(document::<Statistics>(QUERY, json)?),
    }
    Ok(())
}

/// A document with the `total` that a bounded query gives beside each row.
fn counted<T: DeserializeOwned>(
    query: &'static str,
    json: Option<&str>,
) -> Result<(T, Option<u64>), CatalogError> {
    let fields: Value = document(query, json)?;
    let total = fields.get("total").and_then(Value::as_u64);
    Ok((from_value(query, fields)?, total))
}

fn document<T: DeserializeOwned>(query: &'static str, json: Option<&str>) -> Result<T, CatalogError> {
    serde_json::from_str(json.unwrap_or_default()).map_err(|error| unexpected(query, &error))
}

fn from_value<T: DeserializeOwned>(query: &'static str, value: Value) -> Result<T, CatalogError> {
    serde_json::from_value(value).map_err(|error| unexpected(query, &error))
}

fn unexpected(query: &'static str, error: &serde_json::Error) -> CatalogError {
    CatalogError::Unexpected {
        query,
        reason: error.to_string(),
    }
}
