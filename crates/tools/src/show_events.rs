//! The tool `show_events`, and what the description of a cluster says of the last day.

use howdah_aurora::events::{Event, EventGroup, EventKind, summed_up, what_mattered};
use howdah_aurora::{ClusterName, Clusters};
use howdah_core::{Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use howdah_jobs::{Engine, JobFilter, JobRecord, JobState};
use howdah_store::samples::Window;
use howdah_watch::at;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::watched;

/// Shows what happened to a cluster, its instances and snapshots, summed up: failures, failovers, restarts, maintenance
/// and the like first, each with how often, when first and when last.
///
/// On AWS from the events of RDS, which it keeps for 14 days; on this machine from the logs of the servers. Jobs of howdah are among them.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ShowEvents {
    /// The cluster.
    pub name: String,
    /// The length of time to look at: 90m, 6h, 2d, 1w; 14d at most on AWS.
    #[arg(long, value_name = "TIME", default_value = "1w")]
    #[serde(default = "a_week")]
    pub last: String,
    /// How long ago it ended; now if not given.
    #[arg(long, value_name = "TIME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ago: Option<String>,
}

/// What happened to a cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Events {
    /// The cluster.
    pub cluster: String,
    /// From when to when.
    pub window: String,
    /// How many events there were.
    pub events: u64,
    /// What mattered, in words: `1 failover, 2 restarts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mattered: Option<String>,
    /// By sort and message; what matters first, and of one sort the latest first.
    pub groups: Vec<EventLine>,
    #[serde(skip)]
    provider: &'static str,
}

/// Events of the same sort and message.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventLine {
    /// What sort of thing.
    pub kind: EventKind,
    /// Whether clients may have noticed it, or somebody has to do something.
    pub matters: bool,
    /// How many.
    pub count: u64,
    /// When the first was, UTC.
    pub first: String,
    /// When the last was, UTC.
    pub last: String,
    /// As the last one was told.
    pub message: String,
    /// What it happened to: the cluster, instances, snapshots, jobs.
    pub of: Vec<String>,
}

howdah_core::tool!(ShowEvents);

/// Names that are shown of what an event happened to.
const SHOWN: usize = 3;
/// Jobs that are looked through, the latest.
const JOBS: usize = 2_000;
/// What the description of a cluster looks back at, in seconds.
const LATELY_S: i64 = 86_400;

impl Tool for ShowEvents {
    const NAME: &'static str = "show_events";
    const TITLE: &'static str = "Show what happened to a cluster";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["cluster", "events"];
    const EXAMPLES: &'static str = "
        howdah cluster events shop                       the last week: failovers, restarts, maintenance …
        howdah cluster events shop --last 6h --ago 2d    six hours, two days ago
        howdah cluster events shop --last 14d --json     for a program";
    type Out = Events;

    async fn run(self, cx: &Context) -> Result<Events> {
        let window = watched::window(&self.last, self.ago.as_deref())?;
        let (provider, mut events) = cx.get::<Clusters>()?.events(&self.name, window).await?;
        let cluster = self.name.parse::<ClusterName>().map_err(Error::from)?;
        events.extend(of_jobs(cx, provider, &cluster, window).await?);
        let groups = summed_up(events);
        Ok(Events {
            cluster: cluster.into(),
            window: watched::in_words(window),
            events: groups.iter().map(|group| group.count).sum(),
            mattered: what_mattered(&groups),
            groups: groups.into_iter().map(line).collect(),
            provider,
        })
    }
}

/// What mattered in the last day, for the description of a cluster: `1 failover, 2 restarts`. None as well where the
/// provider does not tell: a role may be allowed to see clusters, and not their events.
pub(crate) async fn lately(clusters: &Clusters, provider: &str, cluster: &ClusterName) -> Result<Option<String>> {
    let now = watched::now_s();
    let window = Window { from_s: now - LATELY_S, to_s: now + 1 };
    let events = clusters.provider(provider)?.events(cluster, window, false).await;
    Ok(events.ok().and_then(|events| what_mattered(&summed_up(events))))
}

fn line(group: EventGroup) -> EventLine {
    EventLine {
        kind: group.kind,
        matters: group.kind.matters(),
        count: group.count,
        first: at(group.first_s),
        last: at(group.last_s),
        message: group.message,
        of: group.sources,
    }
}

/// The jobs of howdah on this machine that dealt with the cluster and ended in that time.
async fn of_jobs(cx: &Context, provider: &str, cluster: &ClusterName, window: Window) -> Result<Vec<Event>> {
    let filter = JobFilter { states: Vec::new(), kind: None, limit: JOBS };
    let jobs = cx.get::<Engine>()?.jobs(filter).await.map_err(Error::from)?;
    let about = |job: &&JobRecord| {
        job.input["cluster"] == cluster.as_str() && job.input["provider"] == provider && job.input["action"] != serde_json::Value::Null
    };
    Ok(jobs.iter().filter(about).filter_map(|job| of_job(job, window)).collect())
}

fn of_job(job: &JobRecord, window: Window) -> Option<Event> {
    let at_s = job.finished_ms? / 1_000;
    if !(window.from_s..window.to_s).contains(&at_s) {
        return None;
    }
    let what = job.kind.replace('_', " ");
    let message = match job.state {
        JobState::Failed => {
            let why = job.error.as_ref().and_then(|error| error["message"].as_str()).unwrap_or("it is not known why");
            format!("The job to {what} failed: {why}")
        }
        state => format!("The job to {what} {}", if state == JobState::Succeeded { "succeeded" } else { "was cancelled" }),
    };
    Some(Event { at_s, source: format!("job {}", job.id), kind: kind_of(job), message })
}

/// What a job that ended so means for the cluster.
fn kind_of(job: &JobRecord) -> EventKind {
    match (job.state, job.kind.as_str()) {
        (JobState::Failed, _) => EventKind::Failure,
        (JobState::Cancelled, _) => EventKind::Notice,
        (_, "fail_over_cluster" | "switch_blue_green") => EventKind::Failover,
        (_, "stop_cluster") => EventKind::Restart,
        (_, "snapshot_cluster" | "copy_snapshot") => EventKind::Backup,
        (_, kind) if kind.starts_with("delete_") || kind.starts_with("remove_") => EventKind::Deletion,
        (_, kind) if ["create_", "restore_", "clone_", "add_"].iter().any(|verb| kind.starts_with(verb)) => EventKind::Creation,
        (_, "modify_cluster" | "share_snapshot" | "unshare_snapshot") => EventKind::Change,
        _ => EventKind::Notice,
    }
}

impl Events {
    fn none(&self) -> String {
        let told_by = match self.provider {
            "local" => "the logs of its servers and the jobs of this machine tell",
            _ => "AWS and the jobs of this machine tell",
        };
        format!("Nothing happened to the cluster {} from {}, as {told_by}.", self.cluster, self.window)
    }

    fn counted(&self) -> String {
        let mattered = match &self.mattered {
            Some(mattered) => format!("{mattered} among them"),
            None => "none that clients would have noticed".to_owned(),
        };
        let events = howdah_core::counted(self.events, "event");
        format!("{events} of the cluster {} from {}: {mattered}.", self.cluster, self.window)
    }
}

impl Output for Events {
    fn report(&self) -> Report {
        if self.groups.is_empty() {
            return Report::new().text(self.none());
        }
        let row = |line: &EventLine| {
            let mut of: Vec<String> = line.of.iter().take(SHOWN).cloned().collect();
            if line.of.len() > SHOWN {
                of.push(format!("{} more", line.of.len() - SHOWN));
            }
            vec![
                line.kind.as_str().to_owned(),
                line.count.to_string(),
                line.first.clone(),
                if line.count == 1 { String::new() } else { line.last.clone() },
                line.message.clone(),
                of.join(", "),
            ]
        };
        Report::new()
            .text(self.counted())
            .table(&["Sort", "Times", "First (UTC)", "Last (UTC)", "What", "Of"], self.groups.iter().map(row).collect())
    }

    fn summary(&self) -> String {
        if self.groups.is_empty() {
            return self.none();
        }
        let mut lines = vec![self.counted()];
        lines.extend(self.groups.iter().filter(|line| line.matters).take(10).map(|line| {
            format!("{}, {} times, last {}: {}", line.kind.as_str(), line.count, line.last, line.message)
        }));
        lines.join("\n")
    }
}

fn a_week() -> String {
    "1w".to_owned()
}
