use std::collections::BTreeSet;

use howdah_core::Severity;

use crate::query::{Query, QueryFound, Relations, columns_in, conjuncts, disjuncts, span_at};

crate::query_rule!("query/or-across-columns", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        let relations = Relations::of(scope);
        let condition = scope.clause("whereClause").map(conjuncts).unwrap_or_default();
        // Beside another condition the OR only filters what that found.
        let [only] = condition.as_slice() else { continue };
        let parts = disjuncts(only);
        if parts.len() < 2 {
            continue;
        }
        let columns: Vec<_> = parts.iter().map(|part| columns_in(part)).collect();
        let Some(at) = columns
            .first()
            .and_then(|all| all.first())
            .map(|(_, _, place)| *place)
        else {
            continue;
        };
        let of_tables: BTreeSet<&str> = columns
            .iter()
            .flatten()
            .filter_map(|(alias, ..)| *alias)
            .collect();
        let is_across_tables = relations.sources.len() > 1 && of_tables.len() > 1;
        let names: BTreeSet<&str> = columns.iter().flatten().map(|(_, name, _)| *name).collect();
        if names.len() < 2 && !is_across_tables {
            continue;
        }
        // An index for each side serves the OR of one table.
        let is_indexed = |alias: Option<&str>, name: &str| {
            query
                .tables
                .column(&relations, alias, name)
                .is_some_and(|(table, column)| {
                    table
                        .indexes
                        .iter()
                        .any(|index| index.is_valid && index.keys.first() == Some(&column.number))
                })
        };
        let every_side = columns
            .iter()
            .all(|side| side.iter().any(|(alias, name, _)| is_indexed(*alias, name)));
        if every_side && !is_across_tables {
            continue;
        }
        let (severity, message) = if is_across_tables {
            (
                Severity::Warning,
                "OR across columns of two tables: no index serves it, so that every combination of rows is looked at. A UNION of two queries lets each side use its own.",
            )
        } else {
            (
                Severity::Note,
                "OR across columns needs an index for each of them: with one missing, all rows are read.",
            )
        };
        found
            .add(severity, span_at(query.text, at), message)
            .shown_fix("SELECT … WHERE a = $1\nUNION\nSELECT … WHERE b = $2".to_owned());
    }
}
