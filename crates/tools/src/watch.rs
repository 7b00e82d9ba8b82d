use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, join_all};
use howdah_aurora::Clusters;
use howdah_aurora::elsewhere::{Elsewhere, News as Brought, Topic, cluster_of_host};
use howdah_core::{Config, Context, Effect, Error, Output, Progress, Report, Result, Tool, Toolset};
use howdah_pg::{Origin, Target, Targets};
use howdah_store::samples::Samples;
use howdah_watch::{Pace, Report as News, WatchError, hold, run, samples_of};
use tokio_util::sync::CancellationToken;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::triggers::Triggers;
use crate::{target_session, watched};

/// Watches a database until it is stopped: its sessions every second, its counters every minute.
///
/// What it sees is kept on this machine, or on the server that `[history]` in howdah.toml names: about 20 MB a day at
/// most, minutes for two days, ten minutes for five weeks, six hours for a year; `howdah history` reads it. The server
/// spends less than a hundredth of a processor on it. Nothing is changed there, and no constant of a statement is kept.
///
/// Of a cluster at AWS, what CloudWatch measures of it is brought into the same samples, and what Performance Insights saw
/// of its sessions while nobody watched, up to a week back. Each question costs 0.01 dollars for 1,000 figures: at one a
/// minute about 0.015 dollars an hour for each instance.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct Watch {
    /// Stop after so long: 90s, 15m, 6h, 2d.
    #[arg(long = "for", value_name = "TIME")]
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub length: Option<String>,
    /// Every target of howdah.toml.
    #[arg(long)]
    #[serde(default)]
    pub all: bool,
    /// A cluster at AWS that is watched through AWS alone, without a connection to its database.
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// How often AWS is asked about clusters there: 5m, 15m; every minute without it.
    #[arg(long, value_name = "TIME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_every: Option<String>,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What was watched.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Watched {
    /// Each database.
    pub databases: Vec<WatchedDatabase>,
}

/// A database that was watched.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WatchedDatabase {
    /// The target.
    pub target: String,
    /// Where the samples are.
    pub file: String,
    /// Bytes there.
    pub bytes: u64,
}

howdah_core::tool!(Watch);

/// How long the end waits for news that are being told.
const TELLS_WITHIN: Duration = Duration::from_secs(3);
/// Between two questions to AWS, unless somebody says otherwise.
const A_MINUTE_S: i64 = 60;

impl Tool for Watch {
    const NAME: &'static str = "watch";
    const TITLE: &'static str = "Watch a database";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["watch"];
    const EXAMPLES: &'static str = "
        howdah watch                   the default target, until Ctrl-C
        howdah watch --all             every target of howdah.toml
        howdah watch --for 10m         for ten minutes; then `howdah history load`
        howdah watch --cluster shop    through AWS alone; then `howdah history metrics --target shop`";
    const PERSON_ONLY: bool = true;
    const ENDS_WHEN_TOLD: bool = true;
    type Out = Watched;

    async fn run(self, cx: &Context) -> Result<Watched> {
        let length = self.length.as_deref().map(watched::length).transpose()?;
        let triggers = Arc::new(Triggers::read(&*cx.get::<Config>()?)?);
        let aws_every = self.aws_every.as_deref().map(watched::length).transpose()?.unwrap_or(A_MINUTE_S);
        let aws_every = Duration::from_secs(aws_every.unsigned_abs());
        let targets = match (self.all, &self.cluster) {
            (true, _) => cx.get::<Targets>()?.list(),
            (false, Some(cluster)) => vec![target_session::resolve(cx, Some(cluster), None).await?],
            (false, None) => vec![target_session::resolve(cx, self.target.as_deref(), None).await?],
        };
        if targets.is_empty() {
            return Err(Error::not_found("No target is configured.")
                .hint("Add [targets.NAME] sections to howdah.toml, or set DATABASE_URL."));
        }
        // Whoever mistyped a URL wants to be told, and not to see it tried until Ctrl-C.
        if let ([one], false, None) = (targets.as_slice(), self.all, &self.cluster) {
            drop(one.connect().await?);
        }
        let stop = cx.cancel.child_token();
        let ended = stop.clone();
        let timer = tokio::spawn(async move {
            match length {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs())).await,
                None => ended.cancelled().await,
            }
            ended.cancel();
        });
        let history = watched::history(cx).await?;
        let measuring = Some(cx.get::<Clusters>()?).filter(|clusters| clusters.measures());
        let mut telling = tokio::task::JoinSet::new();
        let watching = targets.iter().map(|target| {
            let samples = samples_of(&history, target);
            let is_ours = Arc::new(AtomicBool::new(false));
            // Triggers ask the database, which is not connected to there.
            if self.cluster.is_none() {
                telling.spawn(Arc::clone(&triggers).run(cx.clone(), target.name.clone(), Arc::clone(&is_ours), stop.clone()));
            }
            if let (Some(cluster), Some(clusters)) = (cluster_of(target), &measuring) {
                let elsewhere = Elsewhere::new(Arc::clone(clusters), cluster, samples.clone());
                let (name, is_ours) = (target.name.clone(), Arc::clone(&is_ours));
                let is_ours = move || is_ours.load(Ordering::Relaxed);
                telling.spawn(elsewhere.run(aws_every, stop.clone(), is_ours, move |news| tell(&name, news)));
            }
            let (name, progress, stop) = (target.name.clone(), Arc::clone(&cx.progress), stop.clone());
            let report = move |news: News| {
                is_ours.store(news != News::Elsewhere, Ordering::Relaxed);
                let phase = match news {
                    News::Watching(gaps) => {
                        for gap in &gaps {
                            tracing::warn!("{name}: {gap}");
                        }
                        format!("Watching {name}")
                    }
                    News::Elsewhere => format!("{name} is watched by another howdah; this one waits for its turn"),
                    News::Unwritten(error) => {
                        tracing::warn!("{name}: the history cannot be written: {error}. What is seen is kept in memory meanwhile.");
                        format!("Watching {name}; the history cannot be written now")
                    }
                    News::Dropping => {
                        tracing::warn!("{name}: the history still cannot be written; what was seen first is dropped");
                        format!("Watching {name}; the history cannot be written now")
                    }
                    News::Written(dropped) => {
                        match dropped {
                            0 => tracing::warn!("{name}: the history is written again, all of it"),
                            _ => tracing::warn!("{name}: the history is written again; {dropped} bundles of samples are missing"),
                        }
                        format!("Watching {name}")
                    }
                    News::Lost(error) => {
                        tracing::warn!("{name}: {error}. It is tried again.");
                        format!("{name} cannot be reached; it is tried again")
                    }
                };
                progress.report(Progress {
                    phase,
                    fraction: None,
                    eta_s: None,
                });
            };
            let target = self.cluster.is_none().then(|| Arc::clone(target));
            watching(target, samples, stop, report)
        });
        let results = join_all(watching).await;
        timer.abort();
        stop.cancel();
        // News that are under way arrive, if they do so soon.
        let told = async { while telling.join_next().await.is_some() {} };
        drop(tokio::time::timeout(TELLS_WITHIN, told).await);
        for result in results {
            result?;
        }
        let mut databases = Vec::new();
        for target in &targets {
            let samples = samples_of(&history, target);
            databases.push(WatchedDatabase {
                target: target.name.clone(),
                file: samples.place(),
                bytes: samples.bytes().await?,
            });
        }
        Ok(Watched { databases })
    }
}

/// Watches a target; without one the samples come from elsewhere.
fn watching<'a>(
    target: Option<Arc<Target>>,
    samples: Samples,
    stop: CancellationToken,
    report: impl Fn(News) + Send + Sync + 'a,
) -> BoxFuture<'a, std::result::Result<(), WatchError>> {
    match target {
        Some(target) => run(target, samples, Pace::default(), stop, report).boxed(),
        None => hold(samples, stop, report).boxed(),
    }
}

/// The cluster that a target may be: its name is one's, or its host.
fn cluster_of(target: &Target) -> Option<String> {
    if target.origin == Origin::Cluster {
        return target.name.split('/').next().map(str::to_owned);
    }
    let hosts = target.conninfo.hosts();
    hosts.iter().find_map(|host| cluster_of_host(&host.to_string()).map(str::to_owned))
}

fn tell(name: &str, news: Brought) {
    let of = |topic| match topic {
        Topic::Figures => "what CloudWatch measures",
        Topic::Sessions => "what Performance Insights saw",
    };
    match news {
        Brought::Trouble(topic, error) => {
            tracing::warn!("{name}: {} is not brought into the samples: {error} It is tried again; all else goes on.", of(topic));
        }
        Brought::Well(topic) => tracing::warn!("{name}: {} is brought into the samples again", of(topic)),
    }
}

impl Output for Watched {
    fn report(&self) -> Report {
        let rows = self
            .databases
            .iter()
            .map(|database| {
                let size = howdah_core::human_bytes(database.bytes);
                vec![database.target.clone(), database.file.clone(), size]
            })
            .collect();
        Report::new()
            .table(&["Target", "Samples", "Size"], rows)
            .text("`howdah history load`, `top`, `regressions`, `growth` and `changes` read them.")
    }
}
