use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset};
use howdah_watch::at;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::watched;

/// What became different: settings, tables, indexes, functions, extensions, versions; restarts, resets of counters, pauses
/// of watching.
///
/// From the samples of `howdah watch` or `howdah serve`. Settings that may hold a secret are not shown, only that they
/// are different.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ShowChanges {
    /// The length of time to look at: 15m, 6h, 2d, 1w.
    #[arg(long, value_name = "TIME", default_value = "1w")]
    #[serde(default = "a_week")]
    pub last: String,
    /// How long ago it ended; now if not given.
    #[arg(long, value_name = "TIME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ago: Option<String>,
    /// At most so many, the latest.
    #[arg(long, default_value_t = 100)]
    #[serde(default = "hundred")]
    pub limit: usize,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Another database of its server.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

/// What became different, the latest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Changes {
    /// From when to when.
    pub window: String,
    /// Each change.
    pub changes: Vec<ChangeLine>,
}

/// Something that became different.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeLine {
    /// When it was noticed, UTC.
    pub at: String,
    /// Such as `setting` or `table`.
    pub kind: String,
    /// Of what.
    pub name: String,
    /// How it was; none for what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// How it is; none for what is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

howdah_core::tool!(ShowChanges);

/// At most so many are given, whatever is asked for.
const MOST: usize = 2_000;

impl Tool for ShowChanges {
    const NAME: &'static str = "show_changes";
    const TITLE: &'static str = "Show what changed";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["history", "changes"];
    const EXAMPLES: &'static str = "
        howdah history changes                    the last week
        howdah history changes --last 2h --json   for a program";
    type Out = Changes;

    async fn run(self, cx: &Context) -> Result<Changes> {
        let window = watched::window(&self.last, self.ago.as_deref())?;
        let samples = watched::samples(cx, self.target.as_deref(), self.database.as_deref()).await?;
        let changes = samples.changes(window, self.limit.clamp(1, MOST)).await?;
        Ok(Changes {
            window: watched::in_words(window),
            changes: changes
                .into_iter()
                .map(|change| ChangeLine {
                    at: at(change.at_s),
                    kind: change.kind,
                    name: change.name,
                    before: change.before,
                    after: change.after,
                })
                .collect(),
        })
    }
}

impl Output for Changes {
    fn report(&self) -> Report {
        if self.changes.is_empty() {
            return Report::new().text(format!("Nothing changed from {}.", self.window));
        }
        let rows = self
            .changes
            .iter()
            .map(|change| {
                let side = |side: &Option<String>, none: &str| match side {
                    Some(text) => watched::one_line(text, 120),
                    None => none.to_owned(),
                };
                vec![
                    change.at.clone(),
                    change.kind.clone(),
                    change.name.clone(),
                    side(&change.before, "(new)"),
                    side(&change.after, "(gone)"),
                ]
            })
            .collect();
        Report::new().table(&["UTC", "Kind", "Of", "Before", "After"], rows)
    }

    fn summary(&self) -> String {
        match self.changes.len() {
            0 => self.report().to_text(None),
            count => format!("{count} changes from {}, the latest first.", self.window),
        }
    }
}

fn a_week() -> String {
    "1w".to_owned()
}

fn hundred() -> usize {
    100
}
