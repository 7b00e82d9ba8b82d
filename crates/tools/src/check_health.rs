#[path = "check_health/report.rs"]
pub(crate) mod report;

use std::sync::Arc;

use futures::StreamExt;
use howdah_checks::{Check, CheckResult, Settings, Status, check_named, examine, health_checks};
use howdah_core::{
    Caller, Config, Context, Effect, Error, ErrorKind, Output, Report, Result, Tool, Toolset,
};
use howdah_pg::{Connection, Origin, Target, Targets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::no_verdict::no_verdict;
use crate::target_session;

/// Looks a database server over: vacuum, bloat, sequences, locks, sessions, replication, settings, security.
///
/// Each check is ok, warn, critical, or skipped with the reason and who can change that; with its figures, its
/// thresholds, the age of the statistics and the SQL that mends it. Nothing is changed.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct CheckHealth {
    /// Only these checks, by code.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Not these checks.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Every target of howdah.toml, at the same time.
    #[arg(long)]
    #[serde(default)]
    pub all: bool,
    /// Also the figures and thresholds of what is well, which an agent gets on request only.
    #[arg(long)]
    #[serde(default)]
    pub details: bool,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// How a target, or every target, is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Health {
    /// The worst of all.
    pub status: Status,
    /// How many checks are so.
    pub counts: Counts,
    /// The target that was looked at, where it was one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub one: Option<TargetHealth>,
    /// Every target, the worst first, where all were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetHealth>,
}

/// How many checks are so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Something fails, or soon will.
    pub critical: usize,
    /// To be looked at.
    pub warn: usize,
    /// Nothing is wrong.
    pub ok: usize,
    /// Could not be looked at.
    pub skipped: usize,
}

/// How a target is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TargetHealth {
    /// The target.
    pub target: String,
    /// The database that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The server's version, such as 150014.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_num: Option<u32>,
    /// Seconds that the counters of the database have been counting, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistics_age_s: Option<i64>,
    /// The checks, the worst first.
    pub checks: Vec<CheckResult>,
    /// Why nothing could be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

howdah_core::tool!(CheckHealth);

/// Targets that are looked at at the same time, each over one connection.
const AT_ONCE: usize = 16;

impl Tool for CheckHealth {
    const NAME: &'static str = "check_health";
    const TITLE: &'static str = "Check the health of a server";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["health"];
    const EXAMPLES: &'static str = "
        howdah health                                  the default target; exit code 1 if anything is critical
        howdah health --only table-bloat,index-bloat   two checks
        howdah health --all --json                     every target of howdah.toml, for a program";
    type Out = Health;

    async fn run(self, cx: &Context) -> Result<Health> {
        no_verdict(cx, self.check(cx).await)
    }
}

impl CheckHealth {
    /// The same with every error as it is.
    pub(crate) async fn look(self, cx: &Context) -> Result<Health> {
        self.check(cx).await
    }

    async fn check(self, cx: &Context) -> Result<Health> {
        let settings: Settings = cx.get::<Config>()?.section("health")?;
        settings.known()?;
        let checks = self.checks(&settings)?;
        let is_brief = cx.caller == Caller::Agent && !self.details && self.only.is_empty();
        if self.all {
            let targets = cx.get::<Targets>()?.list();
            if targets.is_empty() {
                return Err(Error::not_found("No target is configured.")
                    .hint("Add [targets.NAME] sections to howdah.toml, or set DATABASE_URL."));
            }
            let looked = futures::stream::iter(targets).map(|target| {
                let (checks, settings) = (&checks, &settings);
                async move {
                    match of(&target, target.connect().await.map_err(Error::from), checks, settings).await {
                        Ok(health) => health,
                        Err(error) => TargetHealth {
                            target: target.name.clone(),
                            database: None,
                            version_num: None,
                            statistics_age_s: None,
                            checks: Vec::new(),
                            error: Some(error.to_text()),
                        },
                    }
                }
            });
            let mut targets: Vec<TargetHealth> = looked.buffer_unordered(AT_ONCE).collect().await;
            targets.sort_by(|a, b| {
                let (worse, better) = (b.rank(), a.rank());
                worse.cmp(&better).then_with(|| a.target.cmp(&b.target))
            });
            return Ok(Health::of(None, targets, is_brief));
        }
        let (target, connection) = connect(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let one = of(&target, Ok(connection), &checks, &settings).await?;
        Ok(Health::of(Some(one), Vec::new(), is_brief))
    }

    /// The checks that are asked for.
    fn checks(&self, settings: &Settings) -> Result<Vec<&'static Check>> {
        let asked = Settings {
            ignore: [self.only.as_slice(), &self.ignore].concat(),
            ..Settings::default()
        };
        asked.known()?;
        let chosen: Vec<&'static Check> = match self.only.is_empty() {
            true => health_checks(),
            false => self.only.iter().filter_map(|code| check_named(code)).collect(),
        };
        let is_ignored = |check: &&Check| {
            let by_name = self.only.is_empty() && settings.ignore.iter().any(|code| code == check.code);
            by_name || self.ignore.iter().any(|code| code == check.code)
        };
        Ok(chosen.into_iter().filter(|check| !is_ignored(check)).collect())
    }
}

/// A connection of its own: what the server's settings are, a session of the pool does not show.
pub(crate) async fn connect(
    cx: &Context,
    target: Option<&str>,
    database: Option<&str>,
) -> Result<(Arc<Target>, Connection)> {
    let found = target_session::resolve(cx, target, database).await?;
    let error = match found.connect().await {
        Ok(connection) => return Ok((found, connection)),
        Err(error) => Error::from(error),
    };
    if found.origin != Origin::Cluster || error.kind != ErrorKind::Unavailable {
        return Err(error);
    }
    // It may have been started again elsewhere: a session finds that out.
    drop(target_session::open(cx, target, database).await?);
    let found = target_session::resolve(cx, target, database).await?;
    let connection = found.connect().await?;
    Ok((found, connection))
}

async fn of(
    target: &Target,
    connection: Result<Connection>,
    checks: &[&'static Check],
    settings: &Settings,
) -> Result<TargetHealth> {
    let pass = examine(&mut connection?, checks, settings).await?;
    let mut results = pass.results;
    results.sort_by(|a, b| b.status.cmp(&a.status).then_with(|| a.code.cmp(&b.code)));
    Ok(TargetHealth {
        target: target.name.clone(),
        database: Some(pass.place.database.clone()),
        version_num: Some(pass.place.version_num),
        statistics_age_s: Some(pass.place.counted_s),
        checks: results,
        error: None,
    })
}

impl TargetHealth {
    /// What stands first in a list: critical ones, then those that could not be asked.
    fn rank(&self) -> u8 {
        match (self.worst(), &self.error) {
            (Status::Critical, _) => 4,
            (_, Some(_)) => 3,
            (Status::Warn, _) => 2,
            _ => 1,
        }
    }

    fn worst(&self) -> Status {
        self.checks.iter().map(|check| check.status).max().unwrap_or(Status::Skipped)
    }

    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for check in &self.checks {
            match check.status {
                Status::Critical => counts.critical += 1,
                Status::Warn => counts.warn += 1,
                Status::Ok => counts.ok += 1,
                Status::Skipped => counts.skipped += 1,
            }
        }
        counts
    }

    /// Leaves of what is well no more than that it is.
    fn shorten(&mut self) {
        for check in self.checks.iter_mut().filter(|check| check.status <= Status::Ok) {
            check.figures.clear();
            check.thresholds.clear();
        }
    }
}

impl Health {
    fn of(mut one: Option<TargetHealth>, mut targets: Vec<TargetHealth>, is_brief: bool) -> Self {
        let mut counts = Counts::default();
        let mut status = Status::Skipped;
        for health in one.iter_mut().chain(&mut targets) {
            let of = health.counts();
            counts.critical += of.critical;
            counts.warn += of.warn;
            counts.ok += of.ok;
            counts.skipped += of.skipped;
            status = status.max(health.worst());
            if is_brief {
                health.shorten();
            }
        }
        Self {
            status,
            counts,
            one,
            targets,
        }
    }

    /// Each target that was looked at.
    pub fn each(&self) -> impl Iterator<Item = &TargetHealth> {
        self.one.iter().chain(&self.targets)
    }
}

impl Output for Health {
    fn report(&self) -> Report {
        report::of(self)
    }

    fn summary(&self) -> String {
        report::summary(self)
    }

    fn exit_code(&self) -> u8 {
        let failed = self.each().any(|health| health.error.is_some());
        match (self.status, failed) {
            (Status::Critical, _) => 1,
            (_, true) => 2,
            _ => 0,
        }
    }
}
