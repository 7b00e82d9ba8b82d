//! The tool `check_readiness`: the guide's checklist before production, executable.

#[path = "check_readiness/drill.rs"]
mod drill;
#[path = "check_readiness/failover.rs"]
mod failover;
#[path = "check_readiness/gathered.rs"]
mod gathered;
#[path = "check_readiness/item.rs"]
mod item;
#[path = "check_readiness/items.rs"]
mod items;
#[path = "check_readiness/page.rs"]
mod page;
#[path = "check_readiness/render.rs"]
mod render;
#[path = "check_readiness/restore.rs"]
mod restore;

use howdah_core::{Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::no_verdict::no_verdict;
use crate::job_view::timestamp;

use gathered::Gathered;
pub use drill::{Drill, Drilled};
pub use item::{Section, Verdict};
pub use items::pages;

/// Says whether a database is ready for production: schema, indexes, infrastructure, monitoring, connections, backup, failover.
///
/// Each item of the checklist passes, fails, warns, or is skipped with the reason; with what it rests on and the
/// command that mends it. Of a target by its URL the server is asked, of a cluster what its provider says too.
/// Nothing is changed; a drill makes a new cluster and removes it, or fails over, and is for people alone.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct CheckReadiness {
    /// The target or cluster; the default one if not given.
    #[arg(id = "of", value_name = "TARGET|CLUSTER")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Only these items, by code.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Not these items.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// First try it on a local cluster. restore: into a new cluster, which is compared, measured and removed; failover
    /// (with --yes): with a client that writes all the while, whose outage is measured.
    #[arg(long, value_name = "DRILL", value_delimiter = ',')]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    pub drill: Vec<Drill>,
    /// Text (if not given), json, markdown or html: one file, complete in itself.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    #[serde(default)]
    #[schemars(skip)]
    pub format: Format,
}

/// How the report is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// As --json.
    Json,
    /// For a pull request or a page of a wiki.
    Markdown,
    /// A page that needs nothing else.
    Html,
}

/// Whether a database is ready for production.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Readiness {
    /// The target or cluster.
    pub target: String,
    /// Who runs it, where it is a cluster: `local`, `aws`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Whether it is ready: nothing fails, and the server could be asked.
    pub ready: bool,
    /// Why the server could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unasked: Option<String>,
    /// How many items are so.
    pub counts: Counts,
    /// How many items of the checklist were not asked for.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// The items, in the order of the checklist.
    pub items: Vec<Checked>,
    /// What the drills showed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drills: Vec<Drilled>,
    /// When it was asked, UTC.
    pub at: String,
    #[serde(skip)]
    #[schemars(skip)]
    format: Format,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How many items are so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Not ready.
    pub fail: usize,
    /// To be looked at.
    pub warn: usize,
    /// As it has to be.
    pub pass: usize,
    /// Could not be looked at, or does not apply.
    pub skipped: usize,
}

/// An item of the checklist, and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Checked {
    /// Which.
    pub code: String,
    /// What has to be so.
    pub title: String,
    /// The part of the checklist.
    pub section: Section,
    /// How it is.
    pub verdict: Verdict,
    /// One sentence; of what was skipped, why.
    pub message: String,
    /// What it rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// What mends it: a command or SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The section of the guide.
    pub guide: String,
}

howdah_core::tool!(CheckReadiness);

impl Tool for CheckReadiness {
    const NAME: &'static str = "check_readiness";
    const TITLE: &'static str = "Check readiness for production";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["ready"];
    const EXAMPLES: &'static str = "
        howdah ready shop                                    exit code 0 if it is ready, 1 if not, 2 if it could not be asked
        howdah ready shop --format html > ready.html         a report to pass on
        howdah ready shop --drill restore,failover --yes     try the way back and the way on, then ask";
    type Out = Readiness;

    async fn run(self, cx: &Context) -> Result<Readiness> {
        no_verdict(cx, self.check(cx).await)
    }
}

impl CheckReadiness {
    async fn check(self, cx: &Context) -> Result<Readiness> {
        let chosen = self.chosen()?;
        let drills = drill::run(cx, self.target.as_deref(), &self.drill).await?;
        let gathered = gathered::gather(cx, self.target.as_deref(), self.database.as_deref()).await?;
        Ok(Readiness::of(&gathered, &chosen, drills, self.format))
    }

    /// The items that are asked for.
    fn chosen(&self) -> Result<Vec<&'static item::Item>> {
        let all = items::items();
        if let Some(unknown) = self.only.iter().chain(&self.ignore).find(|code| !all.iter().any(|item| item.code == **code)) {
            let codes: Vec<&str> = all.iter().map(|item| item.code).collect();
            return Err(Error::invalid(format!("There is no item {unknown:?} of readiness."))
                .hint(format!("The items are {}.", codes.join(", "))));
        }
        let is_wanted = |item: &&item::Item| {
            (self.only.is_empty() || self.only.iter().any(|code| code == item.code)) && !self.ignore.iter().any(|code| code == item.code)
        };
        Ok(all.into_iter().filter(is_wanted).collect())
    }
}

impl Readiness {
    fn of(gathered: &Gathered, items: &[&item::Item], drills: Vec<Drilled>, format: Format) -> Self {
        let checked: Vec<Checked> = items
            .iter()
            .map(|item| {
                let answer = (item.judge)(gathered);
                Checked {
                    code: item.code.to_owned(),
                    title: item.title.to_owned(),
                    section: item.section,
                    verdict: answer.verdict,
                    message: answer.message,
                    evidence: answer.evidence,
                    fix: answer.fix,
                    guide: item.guide.to_owned(),
                }
            })
            .collect();
        let mut counts = Counts::default();
        for one in &checked {
            match one.verdict {
                Verdict::Fail => counts.fail += 1,
                Verdict::Warn => counts.warn += 1,
                Verdict::Pass => counts.pass += 1,
                Verdict::Skipped => counts.skipped += 1,
            }
        }
        let unasked = gathered.server.as_ref().err().cloned();
        Self {
            target: gathered.name.clone(),
            provider: gathered.cluster.as_ref().map(|cluster| cluster.provider.clone()),
            ready: counts.fail == 0 && unasked.is_none() && drills.iter().all(|drill| drill.succeeded),
            unasked,
            counts,
            left_out: items::items().len() - checked.len(),
            items: checked,
            drills,
            at: timestamp(gathered.now_s * 1000),
            format,
        }
    }
}

impl Output for Readiness {
    fn report(&self) -> Report {
        match self.format {
            Format::Text => render::text(self),
            Format::Json => Report::new().code(serde_json::to_string_pretty(self).unwrap_or_default()),
            Format::Markdown => Report::new().code(render::markdown(self)),
            Format::Html => Report::new().code(page::html(self)),
        }
    }

    fn summary(&self) -> String {
        render::summary(self)
    }

    fn exit_code(&self) -> u8 {
        let drilled = self.drills.iter().all(|drill| drill.succeeded);
        match (self.counts.fail, drilled, &self.unasked) {
            // Of a server alone there is nothing to go by but itself.
            (_, _, Some(_)) if self.provider.is_none() => 2,
            (1.., _, _) | (_, false, _) => 1,
            (0, true, Some(_)) => 2,
            (0, true, None) => 0,
        }
    }
}

#[cfg(test)]
#[path = "check_readiness/tests.rs"]
mod tests;
