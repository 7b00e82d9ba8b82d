use howdah_core::Severity;

use crate::query::{Query, QueryFound, Relations, span_at};

crate::query_rule!("query/statistics-view-column", "Finding Missing Indexes");

/// Columns that are often written and do not exist: the view's beginning, the wrong name, the right one.
const WRONG: [(&str, &str, &str); 12] = [
    ("pg_stat_user_tables", "tablename", "relname"),
    ("pg_stat_all_tables", "tablename", "relname"),
    ("pg_statio_user_tables", "tablename", "relname"),
    ("pg_stat_user_indexes", "tablename", "relname"),
    ("pg_stat_user_indexes", "indexname", "indexrelname"),
    ("pg_stat_all_indexes", "tablename", "relname"),
    ("pg_stat_all_indexes", "indexname", "indexrelname"),
    ("pg_statio_user_indexes", "tablename", "relname"),
    ("pg_statio_user_indexes", "indexname", "indexrelname"),
    ("pg_stat_progress_create_index", "active_workers", "phase"),
    ("pg_stat_statements", "total_time", "total_exec_time"),
    ("pg_stat_statements", "mean_time", "mean_exec_time"),
];

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        let relations = Relations::of(scope);
        let views: Vec<&str> = relations
            .sources
            .iter()
            .filter_map(|source| source.relation)
            .collect();
        if !views.iter().any(|view| WRONG.iter().any(|(of, ..)| of == view)) {
            continue;
        }
        let mut seen = Vec::new();
        for (alias, name, at) in scope.columns() {
            let of = relations
                .sources
                .iter()
                .filter(|source| alias.is_none_or(|alias| source.alias == alias));
            let wrong = of
                .filter_map(|source| source.relation)
                .find_map(|view| WRONG.iter().find(|(of, wrong, _)| *of == view && *wrong == name));
            // A column without qualification may be another relation's.
            let Some((view, _, right)) = wrong.filter(|_| alias.is_some() || views.len() == 1) else {
                continue;
            };
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let end = crate::query::word_end(query.text, at);
            found
                .add(
                    Severity::Warning,
                    span_at(query.text, at),
                    format!("{view} has no column {name}: it is {right}."),
                )
                .shown_fix(format!("{}{right}{}", &query.text[..at], &query.text[end..]));
        }
    }
}
