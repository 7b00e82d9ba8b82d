use howdah_core::Severity;

use crate::query::{Query, QueryFound, is_always_true, span_at};

crate::query_rule!(
    "query/update-without-where",
    "Query Development: Write Operations"
);

fn check(query: &Query<'_>, found: &mut QueryFound) {
    // In a migration the verdict knows whether the table was there before, and how large it is.
    if query.is_migration {
        return;
    }
    for scope in query.scopes.iter().filter(|scope| scope.kind == "UpdateStmt") {
        let condition = scope.clause("whereClause");
        if !condition.is_none_or(is_always_true) {
            continue;
        }
        let how = if condition.is_some() {
            "whose WHERE holds for every row"
        } else {
            "without WHERE"
        };
        let at = query.text.to_ascii_lowercase().find("update").unwrap_or(0);
        let draft = found.add(
            Severity::Danger,
            span_at(query.text, at),
            format!("UPDATE {how}: what was in the column is gone in all of the table, and all of its rows stay locked until the end of the transaction."),
        );
        draft.shown_fix("-- in batches by key, each committed by itself:\nUPDATE … SET … WHERE id > $1 AND id <= $2 AND …;".to_owned());
    }
}
