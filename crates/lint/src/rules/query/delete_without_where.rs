use howdah_core::Severity;

use crate::query::{Query, QueryFound, is_always_true, span_at};

crate::query_rule!(
    "query/delete-without-where",
    "Query Development: Write Operations"
);

fn check(query: &Query<'_>, found: &mut QueryFound) {
    if query.is_migration {
        return;
    }
    for scope in query.scopes.iter().filter(|scope| scope.kind == "DeleteStmt") {
        let condition = scope.clause("whereClause");
        if !condition.is_none_or(is_always_true) {
            continue;
        }
        let how = if condition.is_some() {
            "whose WHERE holds for every row"
        } else {
            "without WHERE"
        };
        let at = query.text.to_ascii_lowercase().find("delete").unwrap_or(0);
        found
            .add(
                Severity::Danger,
                span_at(query.text, at),
                format!("DELETE {how}: every row of the table is deleted."),
            )
            .shown_fix(
                "DELETE FROM … WHERE id > $1 AND id <= $2;\n-- or TRUNCATE, if every row is to go".to_owned(),
            );
    }
}
