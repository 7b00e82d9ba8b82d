//! The drill of a restore: a new cluster of the newest data that can be had, compared, measured and removed.

use std::collections::BTreeMap;
use std::time::Instant;

use howdah_aurora::{Action, Cluster, ClusterName, Clusters, Shape, Snapshot, SnapshotName};
use howdah_core::{Context, Error, ErrorKind, Result, counted, human_bytes};
use howdah_jobs::{JobCx, JobKind, Step, async_trait, job_kind};
use howdah_pg::{ConnInfo, Connection};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::drill::{Drill, Drilled, carry_out, failure, take_back};
use super::gathered::seconds_of;
use crate::job_view::human_duration;
use crate::watched::now_s;

/// Of larger databases the smallest tables are counted until it is so much together.
const MOST_BYTES: u64 = 16 << 30;

/// What is restored, and where to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RestoreInput {
    pub(crate) cluster: ClusterName,
    pub(crate) copy: ClusterName,
    /// None: the moment at which the drill begins.
    snapshot: Option<Taken>,
}

/// A snapshot, and when it was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Taken {
    name: SnapshotName,
    at: String,
}

impl RestoreInput {
    /// The newest data that can be had.
    pub(super) async fn of(cx: &Context, cluster: &Cluster) -> Result<Self> {
        let snapshot = match &cluster.restorable_since {
            Some(_) => None,
            None => {
                let snapshot = newest(&*cx.get::<Clusters>()?, cluster).await?;
                Some(Taken { name: snapshot.name, at: snapshot.created })
            }
        };
        Ok(Self { cluster: cluster.name.clone(), copy: copy_name(&cluster.name)?, snapshot })
    }
}

/// What a drill has seen so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct RestoreState {
    /// The moment that is restored, RFC 3339.
    time: Option<String>,
    /// What was there before that moment and after it; none of a snapshot, which nobody counted.
    source: Option<(Vec<Table>, Vec<Table>)>,
    /// How long the restore took.
    took_s: Option<f64>,
    /// What differs or is broken.
    wrong: Vec<String>,
    /// Why that is not known.
    unverified: Option<String>,
    verified: bool,
    evidence: Vec<String>,
    /// Why it could not be restored.
    why: Option<String>,
}

/// A table, and how many rows it has; none where nobody counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Table {
    database: String,
    name: String,
    rows: Option<u64>,
}

impl Table {
    fn key(&self) -> (&str, &str) {
        (&self.database, &self.name)
    }
}

fn by_name(tables: &[Table]) -> BTreeMap<(&str, &str), Option<u64>> {
    tables.iter().map(|table| (table.key(), table.rows)).collect()
}

impl RestoreState {
    fn drilled(&self, input: &RestoreInput) -> Drilled {
        let cluster = &input.cluster;
        let moment = match (&input.snapshot, &self.time) {
            (Some(snapshot), _) => format!("the snapshot {} of {}", snapshot.name, snapshot.at),
            (None, Some(time)) => format!("the moment {time}"),
            (None, None) => "this moment".to_owned(),
        };
        let message = match (&self.why, &self.unverified, self.wrong.is_empty()) {
            (Some(why), ..) => format!("{cluster} could not be restored to {moment}: {why}"),
            (None, Some(why), _) => format!("{cluster} was restored to {moment}, and could not be verified: {why}"),
            (None, None, false) => format!("{cluster} was restored to {moment}, and is not whole: {}", self.wrong.join("; ")),
            (None, None, true) if self.verified => format!("{cluster} was restored to {moment}, and is whole."),
            (None, None, true) => String::new(),
        };
        Drilled {
            drill: Drill::Restore,
            succeeded: self.verified && self.why.is_none() && self.unverified.is_none() && self.wrong.is_empty(),
            took_s: self.took_s.unwrap_or_default(),
            message,
            evidence: self.evidence.clone(),
            job: String::new(),
        }
    }

    fn action(&self, input: &RestoreInput) -> Action {
        match &input.snapshot {
            Some(snapshot) => Action::Restore { snapshot: snapshot.name.clone(), readers: 0, shape: Shape::default() },
            None => Action::RestoreToTime {
                source: input.cluster.clone(),
                time: self.time.clone().unwrap_or_default(),
                readers: 0,
                shape: Shape::default(),
            },
        }
    }
}

pub(crate) struct RestoreDrill;

job_kind!(RestoreDrill);

#[async_trait]
impl JobKind for RestoreDrill {
    const NAME: &'static str = "drill_restore";
    const TITLE: &'static str = "Drill a restore";
    type Input = RestoreInput;
    type State = RestoreState;

    fn subject(input: &RestoreInput) -> String {
        format!("restore of cluster {}", input.cluster)
    }

    fn exclusive_key(input: &RestoreInput) -> Option<String> {
        Some(format!("drill_restore:{}", input.cluster))
    }

    fn steps(_: &RestoreInput) -> Vec<Step> {
        vec![
            Step::new("count", "Counting what is there"),
            Step::new("restore", "Restoring it into a new cluster").weight(6.0),
            Step::new("verify", "Comparing and examining the copy").weight(2.0),
            Step::new("remove", "Removing the copy").weight(2.0),
        ]
    }

    async fn run_step(&self, step: &str, input: &RestoreInput, job: &JobCx, state: &mut RestoreState) -> Result<()> {
        let clusters = job.get::<Clusters>()?;
        match step {
            "count" => {
                state.evidence = left_behind(&clusters, input).await?;
                if input.snapshot.is_none() {
                    let source = conninfo(&clusters, input.cluster.as_str()).await?;
                    let before = count(&source).await?;
                    state.time = Some(now(&source).await?);
                    state.source = Some((before, count(&source).await?));
                }
            }
            "restore" => {
                let restored = carry_out(job, &input.copy, state.action(input)).await?;
                state.took_s = restored.finished_ms.zip(restored.started_ms).map(|(end, begin)| (end - begin) as f64 / 1000.0);
                state.why = failure(&restored);
                state.end(input)?;
            }
            "verify" => match verify(&clusters, input, state.source.as_ref()).await {
                Ok((wrong, evidence)) => {
                    state.wrong = wrong;
                    state.evidence.extend(evidence);
                    state.verified = true;
                }
                Err(error) if job.cancel.is_cancelled() => return Err(error),
                // What was made is removed whatever was found in it.
                Err(error) => state.unverified = Some(error.message),
            },
            _ => {
                remove(job, input).await?;
                state.end(input)?;
            }
        }
        Ok(())
    }

    async fn undo_step(&self, step: &str, input: &RestoreInput, job: &JobCx, state: &mut RestoreState) -> Result<()> {
        if step == "restore" {
            take_back(job, &input.copy, state.action(input)).await?;
            remove(job, input).await?;
        }
        Ok(())
    }

    async fn what_exists(&self, input: &RestoreInput, job: &JobCx, _: &RestoreState) -> Vec<String> {
        match is_there(job, input).await {
            Ok(false) => Vec::new(),
            _ => vec![format!("The copy {0}: howdah cluster delete {0} --skip-final-snapshot --yes", input.copy)],
        }
    }

    fn result(input: &RestoreInput, state: &RestoreState) -> Value {
        serde_json::to_value(state.drilled(input)).unwrap_or_default()
    }
}

impl RestoreState {
    /// An error, if what was seen so far is one.
    fn end(&self, input: &RestoreInput) -> Result<()> {
        let drilled = self.drilled(input);
        match drilled.succeeded || drilled.message.is_empty() {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Local, drilled.message)),
        }
    }
}

async fn is_there(job: &JobCx, input: &RestoreInput) -> Result<bool> {
    match job.get::<Clusters>()?.describe(input.copy.as_str()).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

async fn remove(job: &JobCx, input: &RestoreInput) -> Result<()> {
    if !is_there(job, input).await? {
        return Ok(());
    }
    let removed = carry_out(job, &input.copy, Action::Delete { final_snapshot: None }).await?;
    match failure(&removed) {
        None => Ok(()),
        Some(why) => Err(Error::new(ErrorKind::Local, format!("The copy {} could not be removed: {why}", input.copy))
            .hint(format!("howdah cluster delete {} --skip-final-snapshot --yes", input.copy))),
    }
}

/// Such as `shop-drill-1790000000`, in what RDS allows.
fn copy_name(of: &ClusterName) -> Result<ClusterName> {
    let suffix = format!("-drill-{}", now_s());
    let stem: String = of.as_str().chars().take(63 - suffix.len()).collect();
    format!("{}{suffix}", stem.trim_end_matches('-')).parse().map_err(Error::from)
}

/// The copies of drills that were ended before they could remove them, a sentence each.
async fn left_behind(clusters: &Clusters, input: &RestoreInput) -> Result<Vec<String>> {
    let prefix = input.copy.as_str().trim_end_matches(|letter: char| letter.is_ascii_digit());
    let names = clusters.provider("local")?.clusters().await?;
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

/// What differs or is broken, a sentence each; and what was compared.
async fn verify(
    clusters: &Clusters,
    input: &RestoreInput,
    source: Option<&(Vec<Table>, Vec<Table>)>,
) -> Result<(Vec<String>, Vec<String>)> {
    let began = Instant::now();
    let conninfo = conninfo(clusters, input.copy.as_str()).await?;
    let restored = count(&conninfo).await?;
    let (mut wrong, mut evidence) = (Vec::new(), Vec::new());
    if let Some((before, after)) = source {
        let mut unsteady = 0;
        let (found, after) = (by_name(&restored), by_name(after));
        for table @ Table { database, name, rows } in before {
            match (found.get(&table.key()), rows, after.get(&table.key())) {
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
    let rows: u64 = restored.iter().filter_map(|table| table.rows).sum();
    evidence.push(format!("{} with {rows} rows were read", counted(restored.len(), "table")));
    wrong.extend(examine(&conninfo, &mut evidence).await?);
    if let Some(bytes) = clusters.describe(input.copy.as_str()).await?.size_bytes {
        evidence.push(human_bytes(bytes));
    }
    evidence.push(format!("verified in {}", human_duration(began.elapsed().as_secs_f64())));
    Ok((wrong, evidence))
}

async fn databases(conninfo: &ConnInfo) -> Result<Vec<String>> {
    let mut connection = Connection::connect(conninfo).await?;
    let rows = connection.query(include_str!("databases.sql"), &[]).await?;
    Ok(rows.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect())
}

/// Reads each table whole.
async fn count(conninfo: &ConnInfo) -> Result<Vec<Table>> {
    let (mut all, mut bytes) = (Vec::new(), 0u64);
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
            all.push(Table { database: database.clone(), name, rows });
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
