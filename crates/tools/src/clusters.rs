//! What the tools that deal with clusters share: how a started job is shown,
//! and the URL of a cluster for people.

use howdah_aurora::{Clusters, Operation};
use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset};
use howdah_jobs::Engine;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cluster_consent::consent;
use crate::job_view::requested_by;
use crate::upgrade_checks;

/// A job that was started for a cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ClusterJob {
    /// The job's id.
    pub job_id: String,
    /// The cluster's name, as it is stored.
    pub cluster: String,
    /// What sort of job: `create_cluster`.
    pub kind: String,
    /// What to do now.
    pub next: String,
}

/// Checks an operation (before an upgrade the databases too), asks for the word that it needs, and starts its job.
pub(crate) async fn start(cx: &Context, operation: Operation) -> Result<ClusterJob> {
    cx.get::<Clusters>()?.check(&operation).await?;
    let operation = upgrade_checks::before(cx, operation).await?;
    consent(cx, &operation).await?;
    let job = operation.start(&*cx.get::<Engine>()?, &requested_by(cx)).await?;
    Ok(ClusterJob {
        next: format!("Wait with get_job_status (id {0}, wait_s 50) or `howdah job show {0} --follow`.", job.id),
        job_id: job.id,
        cluster: operation.cluster.into(),
        kind: job.kind,
    })
}

impl Output for ClusterJob {
    fn report(&self) -> Report {
        Report::new().text(format!(
            "Job {0} ({1}, cluster {2}) was started. It goes on in the background: howdah job show {0} --follow",
            self.job_id,
            self.kind.replace('_', " "),
            self.cluster
        ))
    }

    fn summary(&self) -> String {
        format!("Job {} ({}, cluster {}) was started. {}", self.job_id, self.kind.replace('_', " "), self.cluster, self.next)
    }

    fn job(&self) -> Option<&str> {
        Some(&self.job_id)
    }
}

/// Prints a URL of a cluster, password included, for psql and other programs: psql "$(howdah cluster url shop)".
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ClusterUrl {
    /// The cluster.
    pub name: String,
    /// Through the proxy before it, which `howdah cluster proxy create` makes.
    #[arg(long)]
    #[serde(default)]
    pub proxy: bool,
}

/// A URL with a password in it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Url {
    /// The URL.
    pub url: String,
}

howdah_core::tool!(ClusterUrl);

impl Tool for ClusterUrl {
    const NAME: &'static str = "cluster_url";
    const TITLE: &'static str = "URL of a cluster";
    const TOOLSET: Toolset = Toolset::Cluster;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["cluster", "url"];
    const EXAMPLES: &'static str = "
        psql \"$(howdah cluster url shop)\"                   a session of psql
        psql \"$(howdah cluster url shop --proxy)\"           the same through its proxy
        export DATABASE_URL=\"$(howdah cluster url shop)\"    for programs";
    // The password must never reach a model.
    const PERSON_ONLY: bool = true;
    type Out = Url;

    async fn run(self, cx: &Context) -> Result<Url> {
        let clusters = cx.get::<Clusters>()?;
        let url = match self.proxy {
            true => clusters.url_through_proxy(&self.name).await?,
            false => clusters.url(&self.name).await?,
        };
        Ok(Url { url })
    }
}

impl Output for Url {
    fn report(&self) -> Report {
        Report::new().code(self.url.clone())
    }
}
