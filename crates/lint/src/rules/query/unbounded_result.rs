use howdah_core::Severity;

use crate::query::{
    Query, QueryFound, Relations, Role, Scope, is_aggregate, is_always_true, own_nodes, span_at,
};

crate::query_rule!("query/unbounded-result", "Query Development: Never");

/// Rows up to which reading all of a table is nothing.
const SMALL_ROWS: u64 = 1000;

fn check(query: &Query<'_>, found: &mut QueryFound) {
    let Some(scope) = query
        .scopes
        .first()
        .filter(|scope| scope.role == Role::Top && scope.is_select())
    else {
        return;
    };
    if scope.is_limited() || query.is_migration || !reads_everything(scope) {
        return;
    }
    let relations = Relations::of(scope);
    let Some(first) = relations.sources.iter().find(|source| source.relation.is_some()) else {
        return;
    };
    let tables: Vec<_> = relations
        .sources
        .iter()
        .filter_map(|source| query.tables.find(source.schema, source.relation?))
        .collect();
    // A catalog, or a table that is known to be small.
    let is_catalog = |name: &str| name.starts_with("pg_");
    let all_small = !tables.is_empty()
        && tables
            .iter()
            .all(|table| table.rows.is_some_and(|rows| rows <= SMALL_ROWS));
    if all_small || first.relation.is_some_and(is_catalog) || first.schema == Some("information_schema") {
        return;
    }
    let draft = found.add(
        Severity::Warning,
        span_at(query.text, 0),
        "Neither WHERE nor LIMIT bounds the result: it grows with the table.",
    );
    if let Some(table) = tables.first() {
        draft.object(table.name.to_string()).evidence(table.rows_text());
    }
    if scope.clause("sortClause").is_some() && scope.clause("lockingClause").is_none() {
        draft.unsafe_fix(format!("{} LIMIT 100", query.text));
    }
}

fn reads_everything(scope: &Scope<'_>) -> bool {
    let is_open = scope.clause("whereClause").is_none_or(is_always_true);
    let is_grouped = scope.clause("groupClause").is_some();
    let targets = scope.clause("targetList");
    let is_total = targets.is_some_and(|targets| own_nodes(targets).iter().any(is_aggregate));
    is_open && !is_grouped && !is_total && scope.clause("distinctClause").is_none()
}
