use howdah_core::Severity;

use crate::query::{Query, QueryFound, Relations, span_at};

crate::query_rule!("query/replication-view-for-lag", "Monitoring: MCP Queries");

fn check(query: &Query<'_>, found: &mut QueryFound) {
    for scope in query.scopes {
        let relations = Relations::of(scope);
        if let Some(view) = relations
            .sources
            .iter()
            .find(|source| source.relation == Some("pg_stat_replication"))
        {
            found
                .add(
                    Severity::Note,
                    span_at(query.text, view.place),
                    "Replicas of Aurora do not appear in pg_stat_replication: there it is aurora_replica_status(), or the metric AuroraReplicaLag.",
                )
                .shown_fix("SELECT server_id, replica_lag_in_msec FROM aurora_replica_status()".to_owned());
        }
    }
}
