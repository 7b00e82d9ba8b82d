use howdah_core::Severity;

use crate::query::{Query, QueryFound, function_name, own_nodes, place, span_at};

crate::query_rule!("query/order-by-random", "Query Development: Always");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for clause in query.scopes.iter().filter_map(|scope| scope.clause("sortClause")) {
        let calls = own_nodes(clause)
            .into_iter()
            .filter(|(kind, _)| *kind == "FuncCall");
        for (_, body) in
            calls.filter(|(_, body)| ["random", "gen_random_uuid"].contains(&function_name(body)))
        {
            found
                .add(
                    Severity::Warning,
                    span_at(query.text, place(body)),
                    "Every row is read and sorted to take a few by chance.",
                )
                .shown_fix("SELECT … FROM t TABLESAMPLE SYSTEM_ROWS (10)  -- extension tsm_system_rows; or TABLESAMPLE BERNOULLI (1)".to_owned());
        }
    }
}
