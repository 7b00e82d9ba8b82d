//! What a cluster is made of and what CloudWatch measured of it, for its cost.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::DbCluster;
use howdah_core::{Error, Result};
use time::OffsetDateTime;

use super::call::Caller;
use super::cloudwatch::{Values, ask, question};
use super::describe;
use crate::ClusterName;
use crate::cost::{Decimal, Description, MONTH_HOURS};

/// How far back is looked: what is good to go by, and what CloudWatch keeps of 5 minutes.
const HOURS: i64 = 14 * 24;
const FIVE_MINUTES: i32 = 300;
const HOUR: i32 = 3600;
const DAY: i32 = 86400;
/// A cluster may be switched to I/O-Optimized once in so many days.
const COOL_DOWN_DAYS: i64 = 30;

/// The description of a cluster; an error where its instances are of several classes.
pub(super) async fn of(caller: Caller<'_>, name: &ClusterName) -> Result<Description> {
    let found = caller.require_cluster(name).await?;
    let members = describe::members(caller, &found).await?;
    let classes: BTreeSet<&str> = members.iter().map(|member| member.class.as_str()).collect();
    let size = match (classes.len(), classes.first()) {
        (1, Some(&"db.serverless")) => describe::range(&found).map(|range| range.as_argument()),
        (1, Some(class)) => Some((*class).to_owned()),
        _ => None,
    };
    let size = size.ok_or_else(|| {
        Error::refused(match classes.is_empty() {
            true => format!("The cluster {name} has no instances, and so no cost of them."),
            false => format!(
                "The cluster {name} has instances of several classes ({}), which are not reckoned together.",
                classes.iter().copied().collect::<Vec<_>>().join(", ")
            ),
        })
        .hint("Describe each part by itself: `howdah cost --region … --size … --instances …`.")
    })?;
    let config = caller.account.config().await?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut given = Description {
        region: config.region().map(ToString::to_string).unwrap_or_default(),
        size,
        instances: u32::try_from(members.len()).unwrap_or(u32::MAX),
        io_optimized: found.storage_type() == Some("aurora-iopt1"),
        days_since_io_optimized: days_since(&found, now),
        version: found.engine_version().map(str::to_owned),
        ..Description::default()
    };
    let names: Vec<String> = members.into_iter().map(|member| member.name).collect();
    measure(caller, name, &names, now, &mut given).await?;
    Ok(given)
}

/// From the moment at which it may be switched again.
fn days_since(found: &DbCluster, now: i64) -> Option<u32> {
    let next = found.io_optimized_next_allowed_modification_time()?.secs();
    let left = (next - now).max(0).unsigned_abs().div_ceil(86400);
    u32::try_from(COOL_DOWN_DAYS - i64::try_from(left).ok()?).ok()
}

async fn measure(
    caller: Caller<'_>,
    name: &ClusterName,
    members: &[String],
    now: i64,
    given: &mut Description,
) -> Result<()> {
    let cluster =
        |metric, period, statistic| question("DBClusterIdentifier", name.as_str(), metric, period, statistic);
    let mut questions = vec![
        cluster("VolumeReadIOPs", FIVE_MINUTES, "Average"),
        cluster("VolumeWriteIOPs", FIVE_MINUTES, "Average"),
        cluster("VolumeBytesUsed", HOUR, "Average"),
        cluster("BackupRetentionPeriodStorageUsed", DAY, "Average"),
        cluster("SnapshotStorageUsed", DAY, "Average"),
        cluster("ServerlessDatabaseCapacity", FIVE_MINUTES, "Average"),
        cluster("ServerlessDatabaseCapacity", FIVE_MINUTES, "Maximum"),
        cluster("ServerlessDatabaseCapacity", FIVE_MINUTES, "Minimum"),
    ];
    let of_cluster = questions.len();
    for member in members {
        let instance =
            |metric, period, statistic| question("DBInstanceIdentifier", member, metric, period, statistic);
        questions.extend([
            instance("CPUUtilization", FIVE_MINUTES, "Average"),
            instance("CPUUtilization", FIVE_MINUTES, "Maximum"),
            instance("DatabaseConnections", HOUR, "Maximum"),
        ]);
    }
    let window = (now - HOURS * i64::from(HOUR), now);
    let series = ask(caller, name, questions, window).await?;
    let Some(first) = series.iter().filter_map(|one| one.keys().next()).min() else {
        return Ok(());
    };
    // Days are counted from their beginning, which may be before what was asked for.
    let hours = ((now - first) / i64::from(HOUR)).clamp(1, HOURS);
    given.metrics_hours = u32::try_from(hours).unwrap_or_default();
    let (of_cluster, of_members) = series.split_at(of_cluster);
    if let [reads, writes, volume, retained, snapshots, mean, most, least] = of_cluster {
        if !reads.is_empty() || !writes.is_empty() {
            // Each value is a count of its five minutes.
            let counted: f64 = reads.values().chain(writes.values()).sum();
            given.io_requests = Some(Decimal::measured(
                (counted / hours as f64 * f64::from(MONTH_HOURS)).round(),
            ));
        }
        let gib = |bytes: &Values| bytes.values().next_back().map(|bytes| bytes / f64::from(1 << 30));
        given.storage_gib = gib(volume).map(Decimal::measured);
        if let (Some(retained), snapshots) = (gib(retained), gib(snapshots)) {
            given.backup_gib = Some(Decimal::measured(retained + snapshots.unwrap_or_default()));
        }
        if given.size.starts_with("db.") {
            let of = |nth: usize| of_members.chunks(3).filter_map(move |three| three.get(nth));
            given.cpu_avg = of(0).filter_map(mean_of).reduce(f64::max).map(Decimal::measured);
            given.cpu_p95 = of(0).filter_map(p95).reduce(f64::max).map(Decimal::measured);
            given.cpu_max = of(1).filter_map(max_of).reduce(f64::max).map(Decimal::measured);
        } else {
            given.acu_avg = mean_of(mean).map(Decimal::measured);
            given.acu_max = max_of(most).map(Decimal::measured);
            given.acu_steady = least.values().copied().reduce(f64::min).map(Decimal::measured);
        }
    }
    given.idle_hours = idle(of_members).map(Decimal::measured);
    Ok(())
}

fn mean_of(series: &Values) -> Option<f64> {
    (!series.is_empty()).then(|| series.values().sum::<f64>() / series.len() as f64)
}

fn max_of(series: &Values) -> Option<f64> {
    series.values().copied().reduce(f64::max)
}

fn p95(series: &Values) -> Option<f64> {
    let mut values: Vec<f64> = series.values().copied().collect();
    values.sort_by(f64::total_cmp);
    values
        .get((values.len() * 95).div_ceil(100).saturating_sub(1))
        .copied()
}

/// The hours of a month in which no instance had a connection.
fn idle(of_members: &[Values]) -> Option<f64> {
    let mut most: Values = BTreeMap::new();
    for (hour, connections) in of_members.chunks(3).filter_map(|three| three.get(2)).flatten() {
        let known = most.entry(*hour).or_default();
        *known = known.max(*connections);
    }
    let idle = most.values().filter(|connections| **connections == 0.0).count();
    (!most.is_empty()).then(|| idle as f64 / most.len() as f64 * f64::from(MONTH_HOURS))
}
