//! What the items judge: asked once, by the tools and crates that know how.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use howdah_advise::indexes::AdvisedIndex;
use howdah_advise::problems::{self, IndexProblems};
use howdah_aurora::{Action, Alarm, Cluster, Clusters, Operation, Snapshot};
use howdah_checks::{CheckResult, Settings, Status, examine, health_checks};
use howdah_core::{Config, Context, Error, Finding, Result, Severity, Tool, counted};
use howdah_jobs::{Engine, JobFilter, JobKind, JobRecord, JobState};
use howdah_lint::schema::SchemaFinding;
use howdah_pg::catalog::for_major;
use howdah_pg::{ConnInfo, Connection, Host, Origin, SslMode, Target};
use howdah_watch::samples_of;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::drill;
use super::failover::{FailoverDrill, FailoverInput};
use super::item::{Answer, TOLD, Verdict};
use super::restore::{RestoreDrill, RestoreInput};
use crate::advise_indexes::AdviseIndexes;
use crate::review_schema::{FailOn, ReviewSchema};
use crate::triggers::Triggers;
use crate::watched::{self, now_s};
use crate::{check_health, target_session};

/// Something that was asked for, or why it is not known.
pub(crate) type Known<T> = std::result::Result<T, String>;

/// Everything that the items judge.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The name of the target or cluster.
    pub(crate) name: String,
    /// Of a cluster that Howdah knows, what its provider says.
    pub(crate) cluster: Option<Cluster>,
    /// The snapshots of the cluster.
    pub(crate) snapshots: Vec<Snapshot>,
    /// What was done with the cluster, or made of it, and succeeded; the latest first.
    pub(crate) done: Vec<Done>,
    /// How the target is reached.
    pub(crate) way: Known<Way>,
    /// What of the server no check tells.
    pub(crate) server: Known<Server>,
    /// The lines of pg_hba.conf by which somebody comes in without encryption.
    pub(crate) open_doors: Known<Vec<String>>,
    /// The health checks, by code.
    pub(crate) health: Known<BTreeMap<String, CheckResult>>,
    /// What the schema review found.
    pub(crate) schema: Known<Vec<SchemaFinding>>,
    /// Tables that were reviewed.
    pub(crate) tables: usize,
    /// What is wrong with the indexes.
    pub(crate) indexes: Known<IndexProblems>,
    /// Indexes that the counted statements lack: the statement that builds each, and how many statements were planned.
    pub(crate) missing: Known<(Vec<String>, usize)>,
    /// When the database was last watched, in seconds since 1970; none if never.
    pub(crate) watched_s: Known<Option<i64>>,
    /// The names of the triggers that are about the target.
    pub(crate) triggers: Known<Vec<String>>,
    /// The alarms of CloudWatch about a cluster at AWS.
    pub(crate) alarms: Known<Vec<Alarm>>,
    /// Seconds since 1970.
    pub(crate) now_s: i64,
}

/// How a target is reached.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) ssl_mode: SslMode,
    /// The hosts, and whether each is an address rather than a name.
    pub(crate) hosts: Vec<(String, bool)>,
    /// Whether it leaves this machine.
    pub(crate) is_remote: bool,
}

impl Way {
    pub(crate) fn of(conninfo: &ConnInfo) -> Self {
        let hosts = conninfo.hosts();
        Self {
            ssl_mode: conninfo.ssl_mode(),
            hosts: hosts.iter().map(|host| (host.name(), host.name().parse::<IpAddr>().is_ok())).collect(),
            is_remote: hosts.iter().any(Host::is_remote),
        }
    }
}

/// What of a server no check tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Server {
    pub(crate) archive_mode: String,
    pub(crate) has_tls: bool,
    /// `rds.force_ssl`, where there is such a setting.
    pub(crate) forces_tls: Option<bool>,
    pub(crate) clients: u64,
    /// Sessions that began since the counters did, and how long they lasted together; from version 14 on.
    pub(crate) sessions: Option<(u64, f64)>,
}

/// A restore or failover that succeeded, or a drill, whatever it showed.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) id: String,
    /// Whether it is a failover; else it is a restore.
    pub(crate) is_failover: bool,
    /// The cluster that the job made or changed.
    pub(crate) cluster: String,
    pub(crate) finished_s: i64,
    pub(crate) took_s: i64,
    /// What a drill showed that did not go as it would have to.
    pub(crate) trouble: Option<String>,
}

/// Asks for everything. The server being out of reach is no error: what rests on it is not known.
pub(super) async fn gather(cx: &Context, named: Option<&str>, database: Option<&str>) -> Result<Gathered> {
    let target = target_session::resolve(cx, named, database).await;
    let name = match (&target, named) {
        (Ok(target), _) => target.name.clone(),
        (Err(_), Some(name)) => name.to_owned(),
        (Err(error), None) => return Err(error.clone()),
    };
    let cluster_name = name.split('/').next().unwrap_or(&name).to_owned();
    let is_ours = match &target {
        Ok(target) => target.origin == Origin::Cluster,
        Err(_) => true,
    };
    let clusters = cx.get::<Clusters>()?;
    let cluster = match is_ours {
        true => clusters.describe(&cluster_name).await.map(Some),
        false => Ok(None),
    };
    let cluster = match (cluster, &target) {
        (Ok(cluster), _) => cluster,
        // Neither a target nor a cluster: the first reason names what there is.
        (Err(_), Err(error)) => return Err(error.clone()),
        (Err(error), Ok(_)) => return Err(error),
    };
    let mut gathered = Gathered::unasked(name, now_s());
    if let Some(cluster) = &cluster {
        let snapshots = clusters.provider(&cluster.provider)?.snapshots().await?;
        gathered.snapshots = snapshots.into_iter().filter(|known| known.cluster == cluster.name).collect();
        if cluster.provider != LOCAL {
            gathered.alarms = clusters.alarms(cluster.name.as_str()).await.map_err(|error| one_line(&error));
        }
        gathered.done = done(cx, cluster.name.as_str(), &gathered.snapshots).await?;
    }
    gathered.cluster = cluster;
    match target {
        Ok(target) => gathered.ask(cx, &target).await,
        Err(error) => gathered.out_of_reach(&error),
    }
    Ok(gathered)
}

/// What was done with a cluster, the latest first.
async fn done(cx: &Context, cluster: &str, snapshots: &[Snapshot]) -> Result<Vec<Done>> {
    let mut all = Vec::new();
    for (kind, states) in [
        ("restore_cluster", vec![JobState::Succeeded]),
        ("fail_over_cluster", vec![JobState::Succeeded]),
        (RestoreDrill::NAME, vec![JobState::Succeeded, JobState::Failed]),
        (FailoverDrill::NAME, vec![JobState::Succeeded, JobState::Failed]),
    ] {
        let filter = JobFilter { states, kind: Some(kind.to_owned()), limit: MOST_JOBS };
        let jobs = cx.get::<Engine>()?.jobs(filter).await.map_err(Error::from)?;
        all.extend(jobs.iter().filter_map(|job| read(job, cluster, snapshots)));
    }
    all.sort_by_key(|done| std::cmp::Reverse(done.finished_s));
    Ok(all)
}

/// Far more than were begun since a drill was last of use.
const MOST_JOBS: usize = 500;

/// A job, where it is about the cluster or what was kept of it.
fn read(job: &JobRecord, cluster: &str, snapshots: &[Snapshot]) -> Option<Done> {
    let (about, is_failover, made) = match job.kind.as_str() {
        RestoreDrill::NAME => {
            let input: RestoreInput = serde_json::from_value(job.input.clone()).ok()?;
            (input.cluster.as_str() == cluster, false, input.copy)
        }
        FailoverDrill::NAME => {
            let input: FailoverInput = serde_json::from_value(job.input.clone()).ok()?;
            (input.cluster.as_str() == cluster, true, input.cluster)
        }
        // What a drill has carried out is a part of it.
        _ if job.created_by.starts_with(drill::BY) => return None,
        _ => {
            let operation: Operation = serde_json::from_value(job.input.clone()).ok()?;
            let about = match &operation.action {
                Action::RestoreToTime { source, .. } => source.as_str() == cluster,
                Action::Restore { snapshot, .. } => snapshots.iter().any(|known| known.name == *snapshot),
                Action::Failover { .. } => operation.cluster.as_str() == cluster,
                _ => false,
            };
            (about, matches!(operation.action, Action::Failover { .. }), operation.cluster)
        }
    };
    let finished_ms = job.finished_ms?;
    about.then(|| Done {
        id: job.id.clone(),
        is_failover,
        cluster: made.to_string(),
        finished_s: finished_ms / 1000,
        took_s: (finished_ms - job.started_ms.unwrap_or(finished_ms)).max(0) / 1000,
        trouble: drill::failure(job),
    })
}

impl Gathered {
    /// Of a server that nobody asked.
    pub(crate) fn unasked(name: String, now_s: i64) -> Self {
        let not = "The server was not asked.";
        Self {
            name,
            cluster: None,
            snapshots: Vec::new(),
            done: Vec::new(),
            way: Err(not.to_owned()),
            server: Err(not.to_owned()),
            open_doors: Err(not.to_owned()),
            health: Err(not.to_owned()),
            schema: Err(not.to_owned()),
            tables: 0,
            indexes: Err(not.to_owned()),
            missing: Err(not.to_owned()),
            watched_s: Err(not.to_owned()),
            triggers: Err(not.to_owned()),
            alarms: Err("CloudWatch was not asked.".to_owned()),
            now_s,
        }
    }

    fn out_of_reach(&mut self, error: &Error) {
        let why = format!("The server could not be asked: {}", one_line(error));
        self.server = Err(why.clone());
        self.open_doors = Err(why.clone());
        self.health = Err(why.clone());
        self.schema = Err(why.clone());
        self.indexes = Err(why.clone());
        self.missing = Err(why);
    }

    async fn ask(&mut self, cx: &Context, target: &Target) {
        self.way = Ok(Way::of(&target.conninfo));
        self.watched_s = watched(cx, target).await.map_err(|error| one_line(&error));
        self.triggers = triggers(cx, &self.name).map_err(|error| one_line(&error));
        let mut connection = match check_health::connect(cx, Some(&target.name), None).await {
            Ok((_, connection)) => connection,
            Err(error) => return self.out_of_reach(&error),
        };
        self.server = server(&mut connection).await.map_err(|error| one_line(&error));
        self.open_doors = open_doors(&mut connection).await;
        self.health = health(cx, &mut connection).await.map_err(|error| one_line(&error));
        drop(connection);
        match review(cx, target).await {
            Ok((findings, tables)) => (self.schema, self.tables) = (Ok(findings), tables),
            Err(error) => self.schema = Err(one_line(&error)),
        }
        self.indexes = indexes(cx, target).await.map_err(|error| one_line(&error));
        self.missing = missing(cx, target).await.map_err(|error| one_line(&error));
    }

    /// Of these checks the worst; what is critical fails, and what is a warning is what `on_warn` makes of it.
    pub(crate) fn of_health(&self, codes: &[&str], on_warn: Verdict) -> Answer {
        let health = match &self.health {
            Ok(health) => health,
            Err(why) => return Answer::skipped(why),
        };
        let mut results: Vec<&CheckResult> = codes.iter().filter_map(|code| health.get(*code)).collect();
        results.sort_by_key(|result| std::cmp::Reverse(result.status));
        let Some(worst) = results.first() else {
            return Answer::skipped(format!("howdah.toml leaves out {}.", codes.join(", ")));
        };
        let verdict = match worst.status {
            Status::Critical => Verdict::Fail,
            Status::Warn => on_warn,
            Status::Ok => Verdict::Pass,
            Status::Skipped => Verdict::Skipped,
        };
        let mut answer = Answer::new(verdict, worst.message.clone());
        let (mut fixes, mut left_out) = (Vec::new(), 0);
        for result in &results {
            if let Some(skipped) = &result.skipped {
                answer = answer.evidence(format!("{}: {} Who can change that: {}", result.code, skipped.reason, skipped.who));
            } else if result.status == Status::Ok {
                answer = answer.evidence(format!("{}: {}", result.code, result.message));
            }
            left_out += result.left_out;
            for problem in &result.problems {
                if problem.message == answer.message {
                    answer = problem.figures.iter().take(TOLD).fold(answer, |answer, (name, value)| answer.evidence(format!("{name}: {value}")));
                } else if answer.evidence.len() < TOLD {
                    answer = answer.evidence(format!("{}: {}", result.code, problem.message));
                } else {
                    left_out += 1;
                }
                fixes.extend(problem.fix.as_ref().map(|fix| fix.sql.clone()).or(problem.next.clone()));
            }
        }
        finished(answer, fixes, left_out)
    }

    /// Fails where one of these rules of the schema review found something at least as severe, is a warning else.
    pub(crate) fn of_schema(&self, codes: &[&str], fails_from: Severity, well: &str) -> Answer {
        let findings = match &self.schema {
            Ok(findings) => findings,
            Err(why) => return Answer::skipped(why),
        };
        if self.tables == 0 {
            return Answer::skipped(EMPTY);
        }
        let found = findings.iter().map(|one| &one.finding).filter(|one| codes.contains(&one.code.as_str()));
        of_findings(found, fails_from, format!("{well} Reviewed: {}.", counted(self.tables, "table")))
    }

    /// The same of the problems of indexes.
    pub(crate) fn of_indexes(&self, codes: &[&str], fails_from: Severity, well: &str) -> Answer {
        let indexes = match &self.indexes {
            Ok(indexes) => indexes,
            Err(why) => return Answer::skipped(why),
        };
        if indexes.indexes == 0 {
            return Answer::skipped("There are no indexes in this database yet.");
        }
        let found = indexes.problems.iter().map(|one| &one.finding).filter(|one| codes.contains(&one.code.as_str()));
        of_findings(found, fails_from, format!("{well} Looked at: {}.", counted(indexes.indexes, "index")))
    }

    /// The cluster, or why what a cluster alone has is skipped.
    pub(crate) fn cluster(&self) -> Known<&Cluster> {
        self.cluster.as_ref().ok_or_else(|| {
            "A target by its URL is a server alone: what it runs on cannot be asked. It can of clusters that Howdah made or finds at AWS.".to_owned()
        })
    }

    /// A cluster at AWS, or why what AWS alone has is skipped; `local` says why it does not apply on this machine.
    pub(crate) fn at_aws(&self, local: &str) -> Known<&Cluster> {
        let cluster = self.cluster()?;
        match cluster.provider.as_str() {
            LOCAL => Err(local.to_owned()),
            _ => Ok(cluster),
        }
    }

    /// Whether it is a cluster of the provider `local`.
    pub(crate) fn is_local(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.provider == LOCAL)
    }
}

/// What is well of nothing is not well.
pub(crate) const EMPTY: &str = "There are no tables in this database yet.";

/// The provider whose clusters are servers of this machine.
const LOCAL: &str = "local";

/// A moment in RFC 3339, in seconds since 1970.
pub(crate) fn seconds_of(moment: &str) -> Option<i64> {
    OffsetDateTime::parse(moment, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}

/// The worst of them; `well` where there is none.
pub(crate) fn of_findings<'a>(found: impl Iterator<Item = &'a Finding>, fails_from: Severity, well: String) -> Answer {
    let mut found: Vec<&Finding> = found.collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.severity));
    let Some(worst) = found.first() else {
        return Answer::pass(well);
    };
    let message = match found.len() {
        1 => worst.message.clone(),
        number => format!("{} There are {} more.", worst.message, number - 1),
    };
    let verdict = match worst.severity >= fails_from {
        true => Verdict::Fail,
        false => Verdict::Warn,
    };
    let mut answer = Answer::new(verdict, message);
    match found.as_slice() {
        [one] => answer = one.evidence.iter().fold(answer.evidence(one.code.clone()), |answer, fact| answer.evidence(fact.clone())),
        several => {
            for one in several.iter().take(TOLD) {
                answer = answer.evidence(format!("{}: {}", one.code, one.message));
            }
        }
    }
    let fixes = found.iter().filter_map(|one| one.fix.as_ref()).map(|fix| fix.sql.clone()).collect();
    let left_out = found.len().saturating_sub(TOLD);
    finished(answer, fixes, left_out as u64)
}

/// With what mends it, and how much more there is.
fn finished(mut answer: Answer, mut fixes: Vec<String>, left_out: u64) -> Answer {
    if left_out > 0 {
        answer = answer.evidence(format!("and {left_out} more"));
    }
    let mut seen = BTreeSet::new();
    fixes.retain(|fix| seen.insert(fix.clone()));
    let more = fixes.len().saturating_sub(TOLD);
    fixes.truncate(TOLD);
    if more > 0 {
        fixes.push(format!("-- and {more} more"));
    }
    match fixes.is_empty() || answer.verdict == Verdict::Pass {
        true => answer,
        false => answer.fix(fixes.join("\n")),
    }
}

/// An error in one line, with what to do.
fn one_line(error: &Error) -> String {
    error.to_text().split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn server(connection: &mut Connection) -> Result<Server> {
    let sql = for_major(include_str!("server.sql"), connection.version_num() / 10_000);
    let rows = connection.query(&sql, &[]).await?;
    let Some(row) = rows.first() else {
        return Err(Error::internal("The server told nothing of itself."));
    };
    let is = |place: usize| matches!(row.get(place), Some("t" | "on" | "1"));
    Ok(Server {
        archive_mode: row.get(0).unwrap_or_default().to_owned(),
        has_tls: is(1),
        forces_tls: row.get(2).map(|_| is(2)),
        clients: row.parse(3).unwrap_or_default(),
        sessions: row.parse::<f64>(4).zip(row.parse(5)).map(|(number, seconds)| (number as u64, seconds)),
    })
}

/// A superuser alone may read them.
async fn open_doors(connection: &mut Connection) -> Known<Vec<String>> {
    match connection.query(include_str!("open_doors.sql"), &[]).await {
        Ok(rows) => Ok(rows
            .iter()
            .map(|row| format!("line {}: {}", row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default()))
            .collect()),
        Err(error) => Err(one_line(&error.into())),
    }
}

async fn health(cx: &Context, connection: &mut Connection) -> Result<BTreeMap<String, CheckResult>> {
    let mut settings: Settings = cx.get::<Config>()?.section("health")?;
    settings.known()?;
    // What a small database can do without, production cannot.
    for code in ["logging-settings", "timeout-settings"] {
        settings.set(code, "min_database_mib", 0.0);
    }
    let checks: Vec<_> =
        health_checks().into_iter().filter(|check| !settings.ignore.iter().any(|code| code == check.code)).collect();
    let pass = examine(connection, &checks, &settings).await?;
    Ok(pass.results.into_iter().map(|result| (result.code.clone(), result)).collect())
}

/// The findings of every rule that is on, and of those that an item asks for by name; and how many tables there are.
async fn review(cx: &Context, target: &Target) -> Result<(Vec<SchemaFinding>, usize)> {
    let review = |only: &[&str]| ReviewSchema {
        only: only.iter().map(|&code| code.to_owned()).collect(),
        sample: Some(false),
        fail_on: Some(FailOn::Never),
        limit: Some(MOST_FINDINGS),
        target: Some(target.name.clone()),
        ..ReviewSchema::default()
    };
    let by_default = review(&[]).run(cx).await?;
    let by_name = review(&["schema/no-comment"]).run(cx).await?;
    let mut findings = by_default.findings;
    findings.retain(|one| one.finding.code != "schema/no-comment");
    findings.extend(by_name.findings);
    Ok((findings, by_default.tables))
}

const MOST_FINDINGS: usize = 10_000;

async fn indexes(cx: &Context, target: &Target) -> Result<IndexProblems> {
    let mut session = target_session::open(cx, Some(&target.name), None).await?;
    problems::find(&mut session, &[]).await
}

async fn missing(cx: &Context, target: &Target) -> Result<(Vec<String>, usize)> {
    let advise = AdviseIndexes { seconds: Some(2.0), target: Some(target.name.clone()), ..AdviseIndexes::default() };
    let found = advise.run(cx).await?.advice;
    let missing = found.indexes.iter().filter(|index| is_missing(index)).map(|index| index.ddl.clone());
    Ok((missing.collect(), found.statements))
}

/// Whether a statement waits for an index, rather than that one which is there could do more.
fn is_missing(index: &AdvisedIndex) -> bool {
    let much = index.helps.iter().any(|helped| helped.cost_without >= MUCH * helped.cost_with);
    index.replaces.is_none() || much
}

/// How many times cheaper a statement gets where an index was missing for it.
const MUCH: f64 = 10.0;

async fn watched(cx: &Context, target: &Target) -> Result<Option<i64>> {
    let samples = samples_of(&watched::history(cx).await?, target);
    if !samples.exists().await? {
        return Ok(None);
    }
    Ok(samples.reach().await?.map(|reach| reach.to_s))
}

fn triggers(cx: &Context, target: &str) -> Result<Vec<String>> {
    let triggers = Triggers::read(&*cx.get::<Config>()?)?;
    let about = triggers.rules.iter().filter(|(_, rule)| rule.is_about(target) && !rule.notify.is_empty());
    Ok(about.map(|(name, _)| name.clone()).collect())
}
