//! The tool `check_upgrade`: what an upgrade in place would meet and do, before it is asked for.

use howdah_aurora::Clusters;
use howdah_checks::Status;
use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check_health::report;
use crate::no_verdict::no_verdict;
use crate::upgrade_checks::{self, Looked};

/// Says whether a cluster can be upgraded in place to another version, and what that would do. Nothing is changed.
///
/// Every database that takes connections is looked into, read-only: replication slots, prepared transactions, types of
/// columns, views of what the new version has no more, and whatever else `pg_upgrade` and Aurora refuse, each with what
/// mends it. start_cluster_job (upgrade) looks again before it begins.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct CheckUpgrade {
    /// The cluster.
    pub name: String,
    /// The version: a major one (17), whose newest is taken, or one with its minor version (17.4).
    #[arg(long, value_name = "VERSION")]
    pub to: String,
}

/// Whether a cluster can be upgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is in the way.
    Ready,
    /// Something is.
    Blocked,
    /// Not everything could be looked at.
    Unknown,
}

/// What an upgrade would meet and do.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct UpgradeOutlook {
    /// The cluster.
    pub cluster: String,
    /// Its version.
    pub from: String,
    /// The version that it would get.
    pub to: String,
    /// Whether it can be begun.
    pub verdict: Verdict,
    /// Why its provider would refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What it would do: how long nobody answers, what is not carried over, the way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// What was looked at; what is critical is in the way.
    #[serde(flatten)]
    pub looked: Looked,
    /// What to do now.
    pub next: String,
}

howdah_core::tool!(CheckUpgrade);

impl Tool for CheckUpgrade {
    const NAME: &'static str = "check_upgrade";
    const TITLE: &'static str = "Check an upgrade of a cluster";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["cluster", "check-upgrade"];
    const EXAMPLES: &'static str = "
        howdah cluster check-upgrade shop --to 17        what is in the way, and what it would do; exit code 1 if anything is
        howdah cluster check-upgrade shop --to 16.10     of a minor version";
    type Out = UpgradeOutlook;

    async fn run(self, cx: &Context) -> Result<UpgradeOutlook> {
        no_verdict(cx, self.look(cx).await)
    }
}

impl CheckUpgrade {
    async fn look(self, cx: &Context) -> Result<UpgradeOutlook> {
        let clusters = cx.get::<Clusters>()?;
        let asked = upgrade_checks::Asked { to: Some(self.to), ..upgrade_checks::Asked::default() };
        let (operation, upgrade) = asked.operation(&clusters, &self.name).await?;
        let refused = clusters.check(&operation).await.err().map(|error| error.to_text());
        let effect = match clusters.tier(&operation).await? {
            howdah_aurora::Tier::Free => None,
            howdah_aurora::Tier::Confirm { effect } | howdah_aurora::Tier::Risk { effect } => Some(effect),
        };
        let looked = upgrade_checks::look(cx, operation.cluster.as_str(), &upgrade).await?;
        let cluster = operation.cluster.to_string();
        let verdict = match (refused.is_some() || looked.blockers().next().is_some(), looked.unseen().is_empty()) {
            (true, _) => Verdict::Blocked,
            (false, false) => Verdict::Unknown,
            (false, true) => Verdict::Ready,
        };
        let next = match verdict {
            Verdict::Ready => format!(
                "`howdah cluster upgrade {cluster} --to {} --yes --wait` (start_cluster_job, action upgrade) does it.",
                upgrade.to
            ),
            Verdict::Blocked => "Mend what is in the way, and look again.".to_owned(),
            Verdict::Unknown => format!(
                "See that every database can be connected to, and look again; `howdah cluster upgrade {cluster} --to {} --unchecked` goes on without.",
                upgrade.to
            ),
        };
        Ok(UpgradeOutlook {
            from: upgrade.from.to_string(),
            to: upgrade.to.to_string(),
            cluster,
            verdict,
            refused,
            effect,
            looked,
            next,
        })
    }
}

impl Output for UpgradeOutlook {
    fn report(&self) -> Report {
        let mut report = Report::new().text(self.headline());
        if let Some(refused) = &self.refused {
            report = report.heading("In the way").text(refused);
        }
        for (place, check) in self.looked.checks().filter(|(_, check)| check.status >= Status::Warn) {
            let word = if check.status == Status::Critical { "IN THE WAY" } else { "to look at" };
            report = report.heading(format!("{word}  {}  [{}{place}]", check.title, check.code));
            for problem in &check.problems {
                report = report.text(report::text(problem));
            }
            if check.left_out > 0 {
                report = report.text(format!("There are {} more of these.", check.left_out));
            }
        }
        let rows = self.looked.unseen();
        if !rows.is_empty() {
            report = report.heading("Not looked at").table(
                &["What", "Why"],
                rows.into_iter().map(|(what, why)| vec![what, why]).collect(),
            );
        }
        if let Some(effect) = &self.effect {
            report = report.heading("What it would do").text(effect);
        }
        report.text(&self.next)
    }

    fn summary(&self) -> String {
        let mut lines = vec![self.headline()];
        lines.extend(self.refused.clone());
        lines.extend(self.looked.blockers().take(10).map(|(place, problem)| format!("{}{place}", problem.message)));
        lines.extend(self.effect.clone());
        lines.push(self.next.clone());
        lines.join("\n")
    }

    fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Ready => 0,
            Verdict::Blocked => 1,
            Verdict::Unknown => 2,
        }
    }
}

impl UpgradeOutlook {
    fn headline(&self) -> String {
        let blockers = self.looked.blockers().count() + usize::from(self.refused.is_some());
        format!(
            "{}: from {} to {}: {}.",
            self.cluster,
            self.from,
            self.to,
            match self.verdict {
                Verdict::Ready => "nothing is in the way".to_owned(),
                Verdict::Blocked if blockers == 1 => "one thing is in the way".to_owned(),
                Verdict::Blocked => format!("{blockers} things are in the way"),
                Verdict::Unknown => "nothing is in the way of what could be looked at, and that was not all".to_owned(),
            }
        )
    }
}
