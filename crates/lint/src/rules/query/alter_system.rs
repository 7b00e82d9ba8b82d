use howdah_core::Severity;
use howdah_sql::pg_query::NodeEnum;

use crate::query::{Query, QueryFound, span_at};

crate::query_rule!("query/alter-system", "Monitoring: Slow Query Logging");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    if matches!(query.statement.node(), NodeEnum::AlterSystemStmt(_)) {
        found.add(
            Severity::Warning,
            span_at(query.text, 0),
            "ALTER SYSTEM takes a superuser, which Aurora and RDS do not have: there the setting belongs in the cluster's parameter group.",
        );
    }
}
