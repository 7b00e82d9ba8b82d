//! The tool `start_create_cluster_job`.

use howdah_aurora::{Action, ClusterName, Clusters, Compute, Operation, Preset, Shape};
use howdah_core::{Context, Effect, Error, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clusters::{ClusterJob, start};

/// Creates a PostgreSQL cluster, a writer and readers, as a job, and returns the job's id at once.
/// Follow it with get_job_status; its result says how to connect.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct StartCreateClusterJob {
    /// Its name: 1 to 63 letters, digits and hyphens.
    pub name: String,
    /// `local`: servers on this machine; `aws`: Aurora.
    #[arg(
        long,
        default_value = "local",
        help = "Who runs it; `local`: real servers on this machine, `aws`: Aurora, in the account that the AWS tools use"
    )]
    #[serde(default = "local")]
    pub provider: String,
    /// 0 to 15; the preset's if left out.
    #[arg(
        long,
        value_name = "N",
        help = "How many readers follow the writer, 0 to 15; the preset's if left out: 0 for `dev`, 1 for `production`"
    )]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers: Option<u8>,
    /// On AWS: `dev`, `production` (reader, protection, monitoring) or `express`.
    #[arg(
        long,
        default_value = "dev",
        value_name = "PRESET",
        help = "On AWS, how it is guarded; `dev`: encrypted, a week of backups; `production`: also a reader, deletion protection, two weeks of backups, insights and monitoring; `express`: there in seconds, over the internet, by IAM tokens alone"
    )]
    #[serde(default = "dev")]
    pub preset: String,
    /// Range of ACU (0.5-4) or, on AWS, a class (db.r8g.large).
    #[arg(
        long,
        value_name = "SIZE",
        help = "A range of ACU (0.5-4): Serverless v2 on AWS, a cap of connections, processors and memory on this machine; on AWS also an instance class (db.r8g.large). The preset's, or what the machine has, if left out"
    )]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Major version; the newest if left out.
    #[arg(
        long,
        value_name = "MAJOR",
        help = "PostgreSQL's major version; the newest installed, or AWS's default, if left out"
    )]
    #[serde(default)]
    pub pg_version: Option<u16>,
    /// The database to begin with.
    #[arg(long, default_value = "postgres", value_name = "NAME", help = "The database that connections begin with; created if need be")]
    #[serde(rename = "database", default = "postgres")]
    pub initial_database: String,
}

fn local() -> String {
    "local".to_owned()
}

fn dev() -> String {
    "dev".to_owned()
}

fn postgres() -> String {
    "postgres".to_owned()
}

howdah_core::tool!(StartCreateClusterJob);

impl Tool for StartCreateClusterJob {
    const NAME: &'static str = "start_create_cluster_job";
    const TITLE: &'static str = "Create a cluster";
    const TOOLSET: Toolset = Toolset::Core;
    const EFFECT: Effect = Effect::Additive;
    const COMMAND: &'static [&'static str] = &["cluster", "create"];
    const EXAMPLES: &'static str = "
        howdah cluster create shop --wait                  a writer alone, and wait for it
        howdah cluster create shop --readers 2 --wait      with two readers
        howdah cluster create old-shop --pg-version 15     returns at once; follow the job
        howdah cluster create shop --size 0.5-4 --wait     with the connections, processors and memory of 4 ACU at most
        howdah cluster create shop --provider aws --preset production --size 2-16     Aurora, Serverless v2, with a reader
        howdah cluster create shop --provider aws --preset express --wait     Aurora in seconds, over the internet";
    type Out = ClusterJob;

    async fn run(self, cx: &Context) -> Result<ClusterJob> {
        let preset: Preset = self.preset.parse()?;
        let compute = self.size.as_deref().map(str::parse::<Compute>).transpose()?;
        let operation = Operation {
            // Said before anything else: an unknown provider's rules for names are unknown too.
            provider: cx.get::<Clusters>()?.provider(&self.provider)?.name().to_owned(),
            cluster: self.name.parse::<ClusterName>().map_err(Error::from)?,
            action: Action::Create {
                version: self.pg_version,
                readers: self.readers.unwrap_or(preset.readers()),
                database: self.initial_database,
                shape: Shape { preset, compute },
            },
        };
        start(cx, operation).await
    }
}
