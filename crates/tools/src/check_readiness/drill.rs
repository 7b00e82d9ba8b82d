//! What is tried before it is needed.

use howdah_aurora::{Action, Cluster, ClusterName, Clusters, Operation};
use howdah_core::{Caller, Context, Error, Result};
use howdah_jobs::{Engine, JobRecord, JobState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{failover, restore};
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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

/// Carries out the drills, in the order of the words.
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
            Drill::Restore => restore::run(cx, &cluster).await?,
            Drill::Failover => failover::run(cx, &cluster).await?,
        });
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

/// Carries out an operation and waits for its end.
pub(super) async fn carry_out(cx: &Context, cluster: &ClusterName, action: Action) -> Result<JobRecord> {
    let operation = Operation { provider: LOCAL.to_owned(), cluster: cluster.clone(), action };
    let engine = cx.get::<Engine>()?;
    cx.get::<Clusters>()?.check(&operation).await?;
    let job = operation.start(&engine, &requested_by(cx)).await?;
    engine.follow(&job.id, cx.progress.as_ref(), &cx.cancel).await.map_err(Error::from)
}

/// Why a job did not succeed; none if it did.
pub(super) fn failure(job: &JobRecord) -> Option<String> {
    (job.state != JobState::Succeeded).then(|| {
        let said = job.error.as_ref().and_then(|error| error["message"].as_str());
        said.unwrap_or("it was cancelled").to_owned()
    })
}
