use howdah_core::Severity;
use howdah_sql::quote_ident;

use crate::query::{Query, QueryFound, Relations, Role, Scope, own_nodes, place, span_at};

crate::query_rule!("query/select-star", "Query Development: Never");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query
        .scopes
        .iter()
        .filter(|scope| scope.is_select() && is_application(scope))
    {
        let relations = Relations::of(scope);
        // Of functions and of queries whose columns are written out there is nothing that can change.
        if relations.sources.iter().all(|source| source.relation.is_none()) {
            continue;
        }
        for target in scope.list("targetList") {
            let Some(at) = star(target) else { continue };
            let draft = found.add(
                Severity::Warning,
                span_at(query.text, at),
                "SELECT * moves every column, those too that are added later: it keeps index-only scans from working, and breaks programs when the table changes.",
            );
            let table = relations
                .single()
                .and_then(|source| query.tables.find(source.schema, source.relation?));
            if let Some(table) = table.filter(|_| query.text.get(at..=at) == Some("*")) {
                let names: Vec<String> = table
                    .columns
                    .iter()
                    .map(|column| quote_ident(&column.name))
                    .collect();
                draft.object(table.name.to_string()).safe_fix(format!(
                    "{}{}{}",
                    &query.text[..at],
                    names.join(", "),
                    &query.text[at + 1..]
                ));
            }
        }
    }
}

fn is_application(scope: &Scope<'_>) -> bool {
    !matches!(scope.role, Role::Exists | Role::Common)
}

/// The place of a `*` that stands for itself among the results.
fn star(target: &serde_json::Value) -> Option<usize> {
    let value = target.get("ResTarget")?.get("val")?;
    value.get("ColumnRef")?;
    let is_star = own_nodes(value).iter().any(|(kind, _)| *kind == "A_Star");
    is_star.then(|| value["ColumnRef"].as_object().map_or(0, place))
}
