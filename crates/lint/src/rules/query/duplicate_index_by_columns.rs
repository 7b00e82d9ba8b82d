use howdah_core::Severity;

use crate::query::{Query, QueryFound, Relations, span_at};

crate::query_rule!(
    "query/duplicate-index-by-columns",
    "Unused Indexes: Duplicate indexes"
);

fn check(query: &Query<'_>, found: &mut QueryFound) {
    let source = query
        .scopes
        .iter()
        .flat_map(|scope| Relations::of(scope).sources)
        .find(|source| source.relation == Some("pg_index"));
    let groups = query
        .scopes
        .iter()
        .any(|scope| scope.clause("groupClause").is_some());
    let Some(source) = source.filter(|_| groups && query.text.contains("indkey")) else {
        return;
    };
    let missing: Vec<&str> = ["indcollation", "indoption", "indisunique"]
        .into_iter()
        .filter(|column| !query.text.contains(column))
        .collect();
    if !missing.is_empty() {
        found
            .add(
                Severity::Warning,
                span_at(query.text, source.place),
                format!(
                    "Indexes that differ in {} count as duplicates here, and expressions that differ only in their stored form do not: `howdah review` compares all of it.",
                    missing.join(", ")
                ),
            )
            .shown_fix("howdah review --only duplicate-index,redundant-index".to_owned());
    }
}
