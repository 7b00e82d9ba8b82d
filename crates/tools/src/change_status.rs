//! The tool `change_status`.

use howdah_change::journal;
use howdah_core::{Context, Effect, Error, Output, Report, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::changes::ChangeView;
use crate::target_session;

/// Shows the schema changes in the target's journal: which there are, how far each has come, why one failed.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ChangeStatus {
    /// Only this change.
    #[serde(default)]
    pub id: Option<String>,
    /// The target; the default one if not given.
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// Changes of a journal.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Changes {
    /// The oldest first.
    pub changes: Vec<ChangeView>,
}

howdah_core::tool!(ChangeStatus);

impl Tool for ChangeStatus {
    const NAME: &'static str = "change_status";
    const TITLE: &'static str = "Schema changes under way";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["change", "status"];
    const EXAMPLES: &'static str = "
        howdah change status                     every change of the database
        howdah change status 4f0c2a9b1d3e5f60    one of them";
    type Out = Changes;

    async fn run(self, cx: &Context) -> Result<Changes> {
        let mut session = target_session::open(cx, self.target.as_deref(), None).await?;
        let entries = journal::list(&mut session, self.id.as_deref()).await?;
        if let (Some(id), true) = (&self.id, entries.is_empty()) {
            return Err(Error::not_found(format!("There is no change {id} in the journal of this database."))
                .hint("`howdah change status` (change_status without id) lists those that there are."));
        }
        Ok(Changes { changes: entries.iter().map(ChangeView::from).collect() })
    }
}

impl Output for Changes {
    fn report(&self) -> Report {
        if self.changes.is_empty() {
            return Report::new().text("No change is in the journal of this database.");
        }
        let rows = self
            .changes
            .iter()
            .map(|change| {
                let state = match change.at_work {
                    true => format!("{} (at work)", change.state),
                    false => change.state.clone(),
                };
                let error = change.error.as_deref().and_then(|error| error.lines().next());
                let at = error.or(change.at.as_deref()).unwrap_or_default().to_owned();
                vec![change.id.clone(), state, format!("{}/{}", change.steps_done, change.steps), change.rows.to_string(), at]
            })
            .collect();
        let report = Report::new().table(&["Change", "State", "Steps", "Rows", "At"], rows);
        // One that was asked for alone tells its error whole.
        match self.changes.as_slice() {
            [one] => one.error.iter().filter(|error| error.lines().count() > 1).fold(report, Report::text),
            _ => report,
        }
    }
}
