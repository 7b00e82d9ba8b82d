use howdah_core::Severity;

use crate::query::{Query, QueryFound, Relations, Role, column_of, conjuncts, operator, span_at};

crate::query_rule!("query/order-without-limit", "Query Development: Always");

/// Rows from which on sorting all of them is work.
const LARGE_ROWS: u64 = 10_000;

fn check(query: &Query<'_>, found: &mut QueryFound) {
    let Some(scope) = query
        .scopes
        .first()
        .filter(|scope| scope.role == Role::Top && scope.is_select())
    else {
        return;
    };
    if scope.clause("sortClause").is_none() || scope.is_limited() || scope.clause("groupClause").is_some() {
        return;
    }
    let relations = Relations::of(scope);
    let large = relations.sources.iter().find_map(|source| {
        let table = query.tables.find(source.schema, source.relation?)?;
        table.has_rows(LARGE_ROWS).then_some(table)
    });
    let Some(table) = large else { return };
    // A condition that finds one row, or those of one parent, bounds the result well enough.
    let is_narrow = scope.clause("whereClause").is_some_and(|condition| {
        conjuncts(condition).iter().any(|part| {
            let expression = part.get("A_Expr");
            let column = expression.and_then(|e| column_of(e.get("lexpr")?));
            let found = column.and_then(|(alias, name)| query.tables.column(&relations, alias, name));
            expression.is_some_and(|e| operator(e) == "=")
                && found.is_some_and(|(table, column)| {
                    table.is_unique_by(column.number) || table.foreign_keys_of(column.number).next().is_some()
                })
        })
    });
    if is_narrow {
        return;
    }
    let at = query.text.to_ascii_lowercase().rfind("order").unwrap_or(0);
    found
        .add(
            Severity::Warning,
            span_at(query.text, at),
            "All rows that match are sorted and sent: with a LIMIT an index in this order gives the first of them at once.",
        )
        .object(table.name.to_string())
        .evidence(table.rows_text())
        .unsafe_fix(format!("{} LIMIT 100", query.text));
}
