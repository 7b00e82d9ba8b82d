use howdah_core::Severity;

use crate::query::{Query, QueryFound, is_always_true, span_at};

crate::query_rule!(
    "query/for-update-without-where",
    "Query Development: Write Operations"
);

fn check(query: &Query<'_>, found: &mut QueryFound) {
    if query.is_migration {
        return;
    }
    for scope in query
        .scopes
        .iter()
        .filter(|scope| scope.is_select() && !scope.is_limited())
    {
        if scope.clause("lockingClause").is_none() || !scope.clause("whereClause").is_none_or(is_always_true)
        {
            continue;
        }
        let at = query
            .text
            .to_ascii_lowercase()
            .rfind(" for ")
            .map_or(0, |at| at + 1);
        found
            .add(
                Severity::Warning,
                span_at(query.text, at),
                "Every row of the table is locked until the end of the transaction, and written to for that: say which, or take a few with LIMIT and SKIP LOCKED.",
            )
            .shown_fix("SELECT … WHERE … ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED".to_owned());
    }
}
