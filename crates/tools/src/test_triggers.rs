use howdah_core::{Config, Context, Effect, Output, Report, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::triggers::Triggers;

/// Shows the triggers of howdah.toml; with --test tries out whether what they tell arrives.
///
/// Triggers are looked at each minute while `howdah watch` or `howdah serve` watches a database, and tell people by
/// webhook, chat, e-mail or command.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct TestTriggers {
    /// Tell the channels of this trigger, or this channel, that it is a test.
    #[arg(long, value_name = "NAME")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
}

/// Triggers, and what came of trying them out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShownTriggers {
    /// The triggers, by name.
    pub triggers: Vec<TriggerLine>,
    /// The channels, by name.
    pub channels: Vec<ChannelLine>,
    /// What came of the test.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<ToldLine>,
}

/// A trigger.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TriggerLine {
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub on: String,
    /// The targets; none for all that are watched.
    pub targets: Vec<String>,
    /// The channels that it tells.
    pub notify: Vec<String>,
}

/// A channel. Its address may be a secret.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChannelLine {
    /// Its name.
    pub name: String,
    /// `webhook`, `slack`, `email` or `command`.
    pub kind: String,
}

/// What came of telling a channel.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ToldLine {
    /// The channel.
    pub channel: String,
    /// Why it was not told; nothing where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

howdah_core::tool!(TestTriggers);

impl Tool for TestTriggers {
    const NAME: &'static str = "test_triggers";
    const TITLE: &'static str = "Show triggers, and try them out";
    const TOOLSET: Toolset = Toolset::Ops;
    const EFFECT: Effect = Effect::Additive;
    const COMMAND: &'static [&'static str] = &["triggers"];
    const EXAMPLES: &'static str = "
        howdah triggers              those of howdah.toml
        howdah triggers --test ops   whether what is told to the channel ops arrives";
    // News go where the operator said, and on the operator's word.
    const PERSON_ONLY: bool = true;
    type Out = ShownTriggers;

    async fn run(self, cx: &Context) -> Result<ShownTriggers> {
        let triggers = Triggers::read(&*cx.get::<Config>()?)?;
        let told = match &self.test {
            Some(name) => triggers.test(name).await?,
            None => Vec::new(),
        };
        Ok(ShownTriggers {
            triggers: triggers
                .rules
                .iter()
                .map(|(name, rule)| TriggerLine {
                    name: name.clone(),
                    on: rule.on.name().to_owned(),
                    targets: rule.targets.clone(),
                    notify: rule.notify.clone(),
                })
                .collect(),
            channels: triggers
                .channels
                .iter()
                .map(|(name, channel)| ChannelLine {
                    name: name.clone(),
                    kind: channel.kind().to_owned(),
                })
                .collect(),
            told: told
                .into_iter()
                .map(|(channel, told)| ToldLine {
                    channel,
                    error: told.err().map(|error| error.message),
                })
                .collect(),
        })
    }
}

impl Output for ShownTriggers {
    fn report(&self) -> Report {
        if !self.told.is_empty() {
            let rows = self.told.iter().map(|told| {
                let outcome = told.error.clone().unwrap_or_else(|| "told".to_owned());
                vec![told.channel.clone(), outcome]
            });
            return Report::new().table(&["Channel", "Test"], rows.collect());
        }
        if self.triggers.is_empty() {
            return Report::new().text("There are no triggers. Add [triggers.NAME] and [notify.NAME] to howdah.toml: see the book, howdah://book/triggers.");
        }
        let rows = self.triggers.iter().map(|trigger| {
            let targets = match trigger.targets.is_empty() {
                true => "all that are watched".to_owned(),
                false => trigger.targets.join(", "),
            };
            vec![trigger.name.clone(), trigger.on.clone(), targets, trigger.notify.join(", ")]
        });
        let channels = self.channels.iter().map(|channel| vec![channel.name.clone(), channel.kind.clone()]);
        Report::new()
            .table(&["Trigger", "On", "Targets", "Tells"], rows.collect())
            .table(&["Channel", "Kind"], channels.collect())
    }

    fn exit_code(&self) -> u8 {
        u8::from(self.told.iter().any(|told| told.error.is_some()))
    }
}
