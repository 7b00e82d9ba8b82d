//! What RDS noticed of a cluster, its instances and its snapshots.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_rds::types::SourceType;
use aws_smithy_types::DateTime;
use futures::future::try_join_all;
use howdah_core::{Error, Result};
use howdah_store::samples::Window;

use super::call::Caller;
use crate::ClusterName;
use crate::events::{Event, EventKind};

/// As long as RDS keeps them.
const DAYS: i64 = 14;
/// Sources of which it is asked at once.
const AT_ONCE: usize = 8;

/// The events of a stretch of time; with those of the snapshots that were taken in it, if they are wanted too.
pub(super) async fn of(
    caller: Caller<'_>,
    cluster: &ClusterName,
    window: Window,
    snapshots: bool,
) -> Result<Vec<Event>> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    // A minute for the way.
    if window.from_s < now - DAYS * 86_400 - 60 {
        return Err(Error::invalid(format!(
            "AWS keeps events for {DAYS} days; earlier ones were asked for."
        ))
        .hint("Ask for less: --last 14d at most, and none that ended earlier."));
    }
    let window = Window {
        from_s: window.from_s.max(now - DAYS * 86_400),
        to_s: window.to_s.min(now),
    };
    if window.from_s >= window.to_s {
        return Ok(Vec::new());
    }
    let found = caller.require_cluster(cluster).await?;
    let mut sources = vec![(SourceType::DbCluster, cluster.to_string())];
    let members = found.db_cluster_members().iter();
    sources.extend(
        members.filter_map(|one| Some((SourceType::DbInstance, one.db_instance_identifier()?.to_owned()))),
    );
    if snapshots {
        let all = caller.snapshots_of_cluster(cluster.as_str()).await?;
        let within = all.iter().filter(|one| {
            let taken = one.snapshot_create_time().map_or(i64::MAX, DateTime::secs);
            (window.from_s - 86_400..=window.to_s).contains(&taken)
        });
        sources.extend(within.filter_map(|one| {
            Some((
                SourceType::DbClusterSnapshot,
                one.db_cluster_snapshot_identifier()?.to_owned(),
            ))
        }));
    }
    let mut events = Vec::new();
    for some in sources.chunks(AT_ONCE) {
        let asked = some
            .iter()
            .map(|(kind, name)| of_source(caller, kind, name, window));
        events.extend(try_join_all(asked).await?.into_iter().flatten());
    }
    Ok(events)
}

async fn of_source(caller: Caller<'_>, kind: &SourceType, name: &str, window: Window) -> Result<Vec<Event>> {
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let page = caller
            .read(&format!("list the events of {name}"), |rds| {
                rds.describe_events()
                    .source_type(kind.clone())
                    .source_identifier(name)
                    .start_time(DateTime::from_secs(window.from_s))
                    .end_time(DateTime::from_secs(window.to_s))
                    .max_records(100)
                    .set_marker(marker.clone())
                    .send()
            })
            .await
            .map_err(|failure| failure.allowing("rds:DescribeEvents"))?;
        all.extend(page.events().iter().filter_map(|event| {
            let message = event.message()?.trim();
            Some(Event {
                at_s: event.date()?.secs(),
                source: event.source_identifier().unwrap_or(name).to_owned(),
                kind: EventKind::of_rds(event.event_categories(), message),
                message: message.to_owned(),
            })
        }));
        match page.marker() {
            Some(next) if !next.is_empty() => marker = Some(next.to_owned()),
            _ => return Ok(all),
        }
    }
}
