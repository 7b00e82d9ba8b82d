//! What is tried before it is needed.

use howdah_aurora::{Action, Cluster, ClusterName, Clusters, Operation};
use howdah_core::{Caller, Context, Error, ErrorKind, Progress, ProgressSink, Result};
use howdah_jobs::{Engine, JobCx, JobFilter, JobKind, JobRecord, JobState, JobsError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::failover::{FailoverDrill, FailoverInput};
use super::restore::{RestoreDrill, RestoreInput};
use crate::job_view::{human_duration, requested_by};
use crate::target_session;

/// A thing to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drill {
    /// The way back: into a new cluster, which is compared, measured and removed.
    Restore,
    /// The way on: a reader becomes the writer, under the writes of a client.
    Failover,
}

impl Drill {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Failover => "failover",
        }
    }
}

/// What a drill showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drilled {
    /// Which.
    pub drill: Drill,
    /// Whether it went as it would have to.
    pub succeeded: bool,
    /// Seconds until clients could work again: of a restore from its beginning to a server that takes connections, of a
    /// failover the longest that the client could not write.
    pub took_s: f64,
    /// One sentence.
    pub message: String,
    /// What was measured and compared.
    pub evidence: Vec<String>,
    /// The job that carried it out.
    #[serde(default)]
    pub job: String,
}

impl Drilled {
    /// As a paragraph.
    pub fn in_words(&self) -> String {
        let mut words = format!("{} ({})", self.message, human_duration(self.took_s));
        for line in &self.evidence {
            words.push_str(&format!("; {line}"));
        }
        words
    }
}

/// Carries out the drills, in the order of the words, each as a job: it goes on when this ends.
pub(super) async fn run(cx: &Context, target: Option<&str>, drills: &[Drill]) -> Result<Vec<Drilled>> {
    if drills.is_empty() {
        return Ok(Vec::new());
    }
    let Caller::Person { consents } = cx.caller else {
        return Err(Error::refused("Drills make and remove clusters, or fail one over: they are for a person at the command line.")
            .hint("`howdah ready CLUSTER --drill restore`"));
    };
    let cluster = cluster(cx, target).await?;
    if drills.contains(&Drill::Failover) && !consents {
        return Err(Error::refused(format!(
            "A failover of {} ends every connection to it: that needs your word.",
            cluster.name
        ))
        .hint(format!("If that is what you want: `howdah ready {} --drill failover --yes`", cluster.name)));
    }
    let mut drilled = Vec::new();
    for drill in drills {
        drilled.push(match drill {
            Drill::Restore => of_job::<RestoreDrill>(cx, *drill, &RestoreInput::of(cx, &cluster).await?).await?,
            Drill::Failover => of_job::<FailoverDrill>(cx, *drill, &FailoverInput::of(&cluster)).await?,
        });
    }
    Ok(drilled)
}

/// Starts the job of a drill, waits for its end, and reads what it showed.
async fn of_job<K: JobKind>(cx: &Context, drill: Drill, input: &K::Input) -> Result<Drilled> {
    let engine = cx.get::<Engine>()?;
    let job = engine.start::<K>(input, &requested_by(cx)).await?;
    let job = engine.follow(&job.id, cx.progress.as_ref(), &cx.cancel).await?;
    let result = match (&job.result, job.state) {
        (Some(result), _) => result.clone(),
        // It ended without success; what it has seen by then is kept.
        (None, JobState::Failed) => K::result(input, &serde_json::from_value(job.work.clone()).unwrap_or_default()),
        (None, _) => return Err(Error::new(ErrorKind::Cancelled, format!("The drill, job {}, was cancelled.", job.id))),
    };
    let mut drilled: Drilled = serde_json::from_value(result)?;
    drilled.job.clone_from(&job.id);
    if let Some(why) = failure(&job) {
        drilled.succeeded = false;
        if drilled.message.is_empty() {
            drilled.message = format!("The drill of a {} did not come to its end: {why}", drill.name());
        }
    }
    Ok(drilled)
}

/// The local cluster that is meant.
async fn cluster(cx: &Context, target: Option<&str>) -> Result<Cluster> {
    let name = match target {
        Some(name) => name.to_owned(),
        None => target_session::resolve(cx, None, None).await?.name.clone(),
    };
    let name = name.split('/').next().unwrap_or(&name);
    let cluster = cx.get::<Clusters>()?.describe(name).await?;
    match cluster.provider.as_str() {
        LOCAL => Ok(cluster),
        other => Err(Error::refused(format!("{name} is a cluster of {other}: a drill there costs money, and is not made by this command."))
            .hint(format!("`howdah cluster restore {name} --to-time TIME --as {name}-drill --wait` and `howdah cluster failover {name} --yes --wait` count as drills too."))),
    }
}

const LOCAL: &str = "local";

/// Who asks for what a drill has carried out.
pub(super) const BY: &str = "drill ";

/// Carries out an operation as a job of its own and waits for its end. The one that an earlier worker of the drill has
/// begun is gone on with.
pub(super) async fn carry_out(job: &JobCx, cluster: &ClusterName, action: Action) -> Result<JobRecord> {
    let engine = job.get::<Engine>()?;
    let operation = operation(cluster, action);
    let known = match begun(job, &operation).await? {
        Some(known) => known,
        None => {
            job.get::<Clusters>()?.check(&operation).await?;
            operation.start(&engine, &by(job)).await?
        }
    };
    follow(job, &engine, &known).await
}

/// Stops an operation that the drill has begun, and waits until it is taken back or over.
pub(super) async fn take_back(job: &JobCx, cluster: &ClusterName, action: Action) -> Result<()> {
    let engine = job.get::<Engine>()?;
    let Some(known) = begun(job, &operation(cluster, action)).await? else { return Ok(()) };
    if known.state.is_active() {
        // It may be over by now, or on its way back.
        let _ = engine.cancel(&known.id, &by(job)).await;
        follow(job, &engine, &known).await?;
    }
    Ok(())
}

async fn follow(job: &JobCx, engine: &Engine, known: &JobRecord) -> Result<JobRecord> {
    match engine.follow(&known.id, &Relay(job), &job.cancel).await {
        Err(JobsError::WaitStopped { .. }) => Err(Error::new(ErrorKind::Cancelled, "The step was stopped.")),
        followed => followed.map_err(Error::from),
    }
}

/// The job that this drill has started for an operation.
async fn begun(job: &JobCx, operation: &Operation) -> Result<Option<JobRecord>> {
    let (by, input) = (by(job), serde_json::to_value(operation)?);
    let jobs = job.get::<Engine>()?.jobs(JobFilter { limit: MOST_JOBS, ..JobFilter::default() }).await?;
    Ok(jobs.into_iter().find(|known| known.created_by == by && known.input == input))
}

/// Far more than are begun while a drill is at work.
const MOST_JOBS: usize = 500;

fn by(job: &JobCx) -> String {
    format!("{BY}{}", job.id())
}

fn operation(cluster: &ClusterName, action: Action) -> Operation {
    Operation { provider: LOCAL.to_owned(), cluster: cluster.clone(), action }
}

/// What the operation does is what the drill does.
struct Relay<'a>(&'a JobCx);

impl ProgressSink for Relay<'_> {
    fn report(&self, progress: Progress) {
        self.0.progress(progress.phase, progress.fraction);
    }
}

/// Why a job did not succeed; none if it did.
pub(super) fn failure(job: &JobRecord) -> Option<String> {
    (job.state != JobState::Succeeded).then(|| {
        let said = job.error.as_ref().and_then(|error| error["message"].as_str());
        said.unwrap_or("it was cancelled").to_owned()
    })
}
