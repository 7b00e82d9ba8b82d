use howdah_core::Severity;

use crate::query::{Query, QueryFound, constant_of, span_at};

crate::query_rule!("query/offset-paging", "Query Development: Always");

/// Rows that are skipped without much ado.
const FEW: u64 = 100;

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for offset in query
        .scopes
        .iter()
        .filter_map(|scope| scope.clause("limitOffset"))
    {
        let constant: Option<u64> = constant_of(offset).and_then(|text| text.parse().ok());
        if constant == Some(0) {
            continue;
        }
        let severity = match constant {
            Some(rows) if rows <= FEW => Severity::Note,
            _ => Severity::Warning,
        };
        let at = query.text.to_ascii_lowercase().rfind("offset").unwrap_or(0);
        found
            .add(
                severity,
                span_at(query.text, at),
                "OFFSET reads all rows before the page and throws them away, and pages shift when rows are inserted: page by key.",
            )
            .shown_fix("WHERE (placed_at, id) < ($1, $2) ORDER BY placed_at DESC, id DESC LIMIT 50".to_owned());
    }
}
