use howdah_core::Severity;
use howdah_sql::pg_query::NodeEnum;

use crate::query::{Query, QueryFound, span_at};

crate::query_rule!("query/explain-analyze-write", "Query Development: Never");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    let NodeEnum::ExplainStmt(explain) = query.statement.node() else {
        return;
    };
    let analyses = explain.options.iter().any(|option| match &option.node {
        Some(NodeEnum::DefElem(option)) => {
            let value = option.arg.as_ref().and_then(|arg| arg.node.as_ref());
            let is_off = matches!(value, Some(NodeEnum::String(text)) if ["false", "off", "0"].contains(&text.sval.to_ascii_lowercase().as_str()))
                || matches!(value, Some(NodeEnum::Boolean(value)) if !value.boolval)
                || matches!(value, Some(NodeEnum::Integer(value)) if value.ival == 0);
            option.defname == "analyze" && !is_off
        }
        _ => false,
    });
    let writes = query.scopes.iter().any(|scope| scope.kind != "SelectStmt")
        || matches!(
            explain.query.as_ref().and_then(|query| query.node.as_ref()),
            Some(NodeEnum::InsertStmt(_))
        );
    if analyses && writes {
        found
            .add(
                Severity::Warning,
                span_at(query.text, 0),
                "EXPLAIN ANALYZE carries the statement out: what it writes or deletes is written and deleted.",
            )
            .safe_fix(format!("BEGIN;\n{};\nROLLBACK;", query.text));
    }
}
