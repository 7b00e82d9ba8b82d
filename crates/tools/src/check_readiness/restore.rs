//! The drill of a restore: a new cluster of the newest data that can be had, compared, measured and removed.

use std::collections::BTreeMap;
use std::time::Instant;

use howdah_aurora::{Action, Cluster, ClusterName, Clusters, Shape, Snapshot};
use howdah_core::{Context, Error, Result, human_bytes};
use howdah_pg::{ConnInfo, Connection};

use super::drill::{Drill, Drilled, carry_out, failure};
use super::gathered::{counted, seconds_of};
use crate::job_view::human_duration;
use crate::watched::now_s;

/// Of larger databases the smallest tables are counted until it is so much together.
const MOST_BYTES: u64 = 16 << 30;

/// Tables, by database and name, and how many rows each has; none where nobody counted.
type Rows = BTreeMap<(String, String), Option<u64>>;

pub(super) async fn run(cx: &Context, cluster: &Cluster) -> Result<Drilled> {
    let clusters = cx.get::<Clusters>()?;
    let copy = copy_name(&cluster.name)?;
    let left = left_behind(&clusters, cluster, &copy).await?;
    let (action, source, moment) = match &cluster.restorable_since {
        Some(_) => {
            let source = conninfo(&clusters, cluster.name.as_str()).await?;
            let before = count(&source).await?;
            let time = now(&source).await?;
            let after = count(&source).await?;
            let action = Action::RestoreToTime {
                source: cluster.name.clone(),
                time: time.clone(),
                readers: 0,
                shape: Shape::default(),
            };
            (action, Some((before, after)), format!("the moment {time}"))
        }
        None => {
            let snapshot = newest(&clusters, cluster).await?;
            let moment = format!("the snapshot {} of {}", snapshot.name, snapshot.created);
            let action = Action::Restore { snapshot: snapshot.name, readers: 0, shape: Shape::default() };
            (action, None, moment)
        }
    };
    let began = Instant::now();
    let job = carry_out(cx, &copy, action).await?;
    let took_s = began.elapsed().as_secs_f64();
    let mut drilled = Drilled { drill: Drill::Restore, succeeded: false, took_s, message: String::new(), evidence: left };
    if let Some(why) = failure(&job) {
        drilled.message = format!("{} could not be restored to {moment}: {why}", cluster.name);
        return Ok(drilled);
    }
    let verified = verify(&clusters, &copy, source.as_ref(), &mut drilled.evidence).await;
    // What was made is removed whatever was found in it.
    let removed = carry_out(cx, &copy, Action::Delete { final_snapshot: None }).await;
    let removed = removed.map(|job| failure(&job)).unwrap_or_else(|error| Some(error.message));
    if let Some(why) = removed {
        drilled.evidence.push(format!(
            "the copy {copy} could not be removed ({why}): howdah cluster delete {copy} --skip-final-snapshot --yes"
        ));
    }
    match verified {
        Ok(wrong) if wrong.is_empty() => {
            drilled.succeeded = true;
            drilled.message = format!("{} was restored to {moment}, and is whole.", cluster.name);
        }
        Ok(wrong) => drilled.message = format!("{} was restored to {moment}, and is not whole: {}", cluster.name, wrong.join("; ")),
        Err(error) => drilled.message = format!("{} was restored to {moment}, and could not be verified: {}", cluster.name, error.message),
    }
    Ok(drilled)
}

/// Such as `shop-drill-1790000000`, in what RDS allows.
fn copy_name(of: &ClusterName) -> Result<ClusterName> {
    let suffix = format!("-drill-{}", now_s());
    let stem: String = of.as_str().chars().take(63 - suffix.len()).collect();
    format!("{}{suffix}", stem.trim_end_matches('-')).parse().map_err(Error::from)
}

/// The copies of drills that were ended before they could remove them, a sentence each.
async fn left_behind(clusters: &Clusters, cluster: &Cluster, copy: &ClusterName) -> Result<Vec<String>> {
    let prefix = copy.as_str().trim_end_matches(|letter: char| letter.is_ascii_digit());
    let names = clusters.provider(&cluster.provider)?.clusters().await?;
    let is_copy = |name: &&ClusterName| {
        let rest = name.as_str().strip_prefix(prefix);
        rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let left = names.iter().filter(is_copy);
    Ok(left.map(|name| format!("{name} is of another drill; if that was ended: howdah cluster delete {name} --skip-final-snapshot --yes")).collect())
}

async fn newest(clusters: &Clusters, cluster: &Cluster) -> Result<Snapshot> {
    let all = clusters.provider(&cluster.provider)?.snapshots().await?;
    all.into_iter().filter(|known| known.cluster == cluster.name).max_by_key(|known| seconds_of(&known.created)).ok_or_else(|| {
        Error::refused(format!("There is nothing to restore {} from: its log is not whole, and there is no snapshot.", cluster.name))
            .hint(format!("howdah cluster snapshot {} first --wait", cluster.name))
    })
}

async fn conninfo(clusters: &Clusters, name: &str) -> Result<ConnInfo> {
    Ok(clusters.target(name).await?.conninfo)
}

/// The server's clock, in RFC 3339: what is committed by then is restored.
async fn now(source: &ConnInfo) -> Result<String> {
    let mut connection = Connection::connect(source).await?;
    let rows = connection.query(include_str!("now.sql"), &[]).await?;
    rows.first().and_then(|row| row.get(0)).map(str::to_owned).ok_or_else(|| Error::internal("The server told no time."))
}

/// What differs or is broken, a sentence each; what was compared goes to `evidence`.
async fn verify(clusters: &Clusters, copy: &ClusterName, source: Option<&(Rows, Rows)>, evidence: &mut Vec<String>) -> Result<Vec<String>> {
    let began = Instant::now();
    let conninfo = conninfo(clusters, copy.as_str()).await?;
    let restored = count(&conninfo).await?;
    let mut wrong = Vec::new();
    if let Some((before, after)) = source {
        let mut unsteady = 0;
        for (table, rows) in before {
            let (database, name) = table;
            match (restored.get(table), rows, after.get(table)) {
                // Dropped while it was counted.
                (_, _, None) => {}
                (None, _, _) => wrong.push(format!("{name} of {database} is not there")),
                (Some(Some(found)), Some(rows), Some(Some(later))) if rows == later => {
                    if found != rows {
                        wrong.push(format!("{name} of {database} has {found} rows in place of {rows}"));
                    }
                }
                (Some(_), _, _) => unsteady += 1,
            }
        }
        if unsteady > 0 {
            evidence.push(format!("{} changed meanwhile, or are large, and were not compared by their rows", counted(unsteady, "table")));
        }
    }
    let rows: u64 = restored.values().flatten().sum();
    evidence.push(format!("{} with {rows} rows were read", counted(restored.len(), "table")));
    wrong.extend(examine(&conninfo, evidence).await?);
    if let Some(bytes) = clusters.describe(copy.as_str()).await?.size_bytes {
        evidence.push(human_bytes(bytes));
    }
    evidence.push(format!("verified in {}", human_duration(began.elapsed().as_secs_f64())));
    Ok(wrong)
}

async fn databases(conninfo: &ConnInfo) -> Result<Vec<String>> {
    let mut connection = Connection::connect(conninfo).await?;
    let rows = connection.query(include_str!("databases.sql"), &[]).await?;
    Ok(rows.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect())
}

/// Reads each table whole.
async fn count(conninfo: &ConnInfo) -> Result<Rows> {
    let (mut all, mut bytes) = (Rows::new(), 0u64);
    for database in databases(conninfo).await? {
        let mut connection = Connection::connect(&conninfo.with_database(&database)).await?;
        let tables = connection.query(include_str!("tables.sql"), &[]).await?;
        for row in tables.iter() {
            let name = row.get(0).unwrap_or_default().to_owned();
            bytes = bytes.saturating_add(row.parse(1).unwrap_or_default());
            let rows = match bytes <= MOST_BYTES {
                true => {
                    // The server quoted the name. A table that was dropped meanwhile has no rows to compare.
                    let counted = connection.query(&format!("SELECT count(*) FROM ONLY {name}"), &[]).await;
                    counted.ok().and_then(|rows| rows.first().and_then(|row| row.parse(0)))
                }
                false => None,
            };
            all.insert((database.clone(), name), rows);
        }
    }
    Ok(all)
}

/// What amcheck says of the tables and B-trees of the copy, where the server has it. It is created there: the copy is ours.
async fn examine(conninfo: &ConnInfo, evidence: &mut Vec<String>) -> Result<Vec<String>> {
    let (mut wrong, mut examined) = (Vec::new(), 0);
    for database in databases(conninfo).await? {
        let mut connection = Connection::connect(&conninfo.with_database(&database)).await?;
        let available = connection.query(include_str!("amcheck_is_there.sql"), &[]).await?;
        if available.is_empty() {
            evidence.push("amcheck is not installed, and was not asked".to_owned());
            return Ok(wrong);
        }
        connection.batch("CREATE SCHEMA howdah_drill; CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA howdah_drill").await?;
        let schema = connection.query(include_str!("amcheck_schema.sql"), &[]).await?;
        let schema = schema.first().and_then(|row| row.get(0)).unwrap_or("howdah_drill").to_owned();
        let relations = connection.query(include_str!("relations.sql"), &[]).await?;
        let has_heap = connection.version_num() >= 140_000;
        for row in relations.iter() {
            let (Some(oid), Some(kind), Some(name)) = (row.get(0), row.get(1), row.get(2)) else { continue };
            let sql = match kind {
                "i" => format!("SELECT {schema}.bt_index_check($1::oid::regclass, true)"),
                _ if has_heap => format!("SELECT msg FROM {schema}.verify_heapam($1::oid::regclass) LIMIT 1"),
                _ => continue,
            };
            examined += 1;
            match connection.query(&sql, &[Some(oid)]).await {
                Ok(rows) if kind != "i" && !rows.is_empty() => {
                    let said = rows.first().and_then(|row| row.get(0)).unwrap_or_default();
                    wrong.push(format!("amcheck of {name} in {database}: {said}"));
                }
                Ok(_) => {}
                Err(error) if error.is_fatal() => return Err(error.into()),
                Err(error) => wrong.push(format!("amcheck of {name} in {database}: {}", Error::from(error).message)),
            }
        }
    }
    evidence.push(format!("amcheck found {} in {examined} tables and B-trees", match wrong.len() {
        0 => "nothing".to_owned(),
        number => format!("{number} broken"),
    }));
    Ok(wrong)
}
