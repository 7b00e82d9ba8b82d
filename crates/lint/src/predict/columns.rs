//! Columns that are added.

use howdah_rehearse::{LockMode, WorkKind};
use howdah_sql::pg_query::NodeEnum;
use howdah_sql::pg_query::protobuf::{ColumnDef, ConstrType, Constraint, Node, RangeVar};

use super::Gathering;
use super::expression::{is_null, is_volatile, type_word};
use crate::migration::{Key, strings};

/// ALTER TABLE … ADD COLUMN.
pub(super) fn add(table: &RangeVar, column: &ColumnDef, to: &mut Gathering<'_>) {
    let constraints: Vec<&Constraint> = column.constraints.iter().filter_map(constraint).collect();
    let of_type = |wanted: ConstrType| {
        constraints
            .iter()
            .copied()
            .find(|found| found.contype() == wanted)
    };
    let kind = column.type_name.as_ref().map(type_word).unwrap_or_default();
    let serial = kind.contains("serial")
        && matches!(
            kind.as_str(),
            "serial" | "serial4" | "bigserial" | "serial8" | "smallserial" | "serial2"
        );
    let identity = of_type(ConstrType::ConstrIdentity).is_some();
    let default = of_type(ConstrType::ConstrDefault).and_then(|found| found.raw_expr.as_deref());
    let generated = of_type(ConstrType::ConstrGenerated);
    let stored = generated.is_some_and(|found| found.generated_kind != "v");
    let domain = column
        .type_name
        .as_ref()
        .map(|name| Key::of_parts(&strings(&name.names)));
    let checked_domain = domain
        .as_ref()
        .is_some_and(|name| to.world.constrained_domains.contains(name));
    // From 18 on the default of a constrained domain's column is evaluated once, where there is one.
    let rewrites = serial
        || identity
        || stored
        || checked_domain
        || default.is_some_and(|value| is_volatile(value, to.world));
    let table_key = Key::of(table);
    if rewrites {
        to.work(table, WorkKind::Rewrite);
    }
    if serial {
        to.break_clients(
            format!(
                "INSERT INTO {} by a role that does not own it",
                super::relation_name(table)
            ),
            "permission denied for the new sequence",
            "42501",
        );
    }
    let has_value = default.is_some_and(|value| !is_null(value)) || serial || identity || generated.is_some();
    if of_type(ConstrType::ConstrNotnull).is_some() && !has_value && !to.is_new(table) {
        to.fail(
            "23502",
            format!(
                "column \"{}\" of relation \"{}\" contains null values",
                column.colname, table.relname
            ),
        );
    }
    for found in &constraints {
        match found.contype() {
            ConstrType::ConstrCheck if !rewrites => to.work(table, WorkKind::Scan),
            ConstrType::ConstrPrimary | ConstrType::ConstrUnique => {
                to.work_with(table, WorkKind::IndexBuild, None);
            }
            ConstrType::ConstrForeign => {
                if let Some(referenced) = &found.pktable {
                    to.lock(referenced, LockMode::ShareRowExclusive);
                    // Old rows hold NULL, which needs no look; a default has to be there.
                    if has_value {
                        to.work(table, WorkKind::Scan);
                    }
                }
            }
            _ => {}
        }
    }
    if of_type(ConstrType::ConstrNotnull).is_none() {
        to.world
            .nullable
            .insert((table_key.clone(), column.colname.clone()));
    }
    if generated.is_some_and(|found| found.generated_kind == "v") && to.world.major < 18 {
        to.fail("42601", "virtual generated columns come with PostgreSQL 18");
    }
    if !has_value {
        to.world.new_columns.insert((table_key, column.colname.clone()));
    }
}

/// A constraint of a list.
pub(super) fn constraint(node: &Node) -> Option<&Constraint> {
    match &node.node {
        Some(NodeEnum::Constraint(constraint)) => Some(constraint),
        _ => None,
    }
}
