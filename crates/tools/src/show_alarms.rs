//! The tool `show_alarms`.

use howdah_aurora::{Alarm, AlarmState, Clusters};
use howdah_core::{Context, Effect, Output, Report, Result, Tool, Toolset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shows the alarms of CloudWatch about a cluster and its instances: when each goes off, how it is, and who is told.
/// Alarms that somebody else made are among them. start_cluster_job (create_alarms) makes those of the guide.
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub struct ShowAlarms {
    /// The cluster.
    pub name: String,
}

/// The alarms of a cluster.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Alarms {
    /// The cluster.
    pub cluster: String,
    /// Those that go by others first, then in order of name.
    pub alarms: Vec<Alarm>,
}

howdah_core::tool!(ShowAlarms);

impl Tool for ShowAlarms {
    const NAME: &'static str = "show_alarms";
    const TITLE: &'static str = "Show the alarms of a cluster";
    const TOOLSET: Toolset = Toolset::Cluster;
    const EFFECT: Effect = Effect::ReadOnly;
    const COMMAND: &'static [&'static str] = &["cluster", "alarms"];
    const EXAMPLES: &'static str = "
        howdah cluster alarms shop       what is watched, and whether it is well";
    type Out = Alarms;

    async fn run(self, cx: &Context) -> Result<Alarms> {
        let alarms = cx.get::<Clusters>()?.alarms(&self.name).await?;
        Ok(Alarms { cluster: self.name, alarms })
    }
}

impl Alarms {
    fn none(&self) -> String {
        format!(
            "No alarm is about the cluster {0} or its instances. `howdah cluster create-alarms {0} --sns-topic ARN` makes them.",
            self.cluster
        )
    }

    fn counted(&self) -> String {
        let gone_off = self.alarms.iter().filter(|alarm| alarm.state == AlarmState::Alarm).count();
        let told = match self.alarms.iter().any(|alarm| !alarm.tells.is_empty()) {
            true => "",
            false => " None of them tells anybody.",
        };
        format!(
            "{} about the cluster {}, {gone_off} of them in alarm.{told}",
            howdah_core::counted(self.alarms.len(), "alarm"),
            self.cluster
        )
    }
}

impl Output for Alarms {
    fn report(&self) -> Report {
        if self.alarms.is_empty() {
            return Report::new().text(self.none());
        }
        let row = |alarm: &Alarm| {
            vec![
                alarm.name.clone(),
                alarm.state.as_str().to_owned(),
                alarm.about.clone(),
                alarm.condition.clone(),
                alarm.tells.join(", "),
            ]
        };
        Report::new()
            .table(&["Alarm", "State", "About", "Goes off when", "Tells"], self.alarms.iter().map(row).collect())
            .text(self.counted())
    }

    fn summary(&self) -> String {
        if self.alarms.is_empty() {
            return self.none();
        }
        let gone_off = self.alarms.iter().filter(|alarm| alarm.state == AlarmState::Alarm);
        let mut lines = vec![self.counted()];
        lines.extend(gone_off.map(|alarm| format!("In alarm: {} ({}, {}).", alarm.name, alarm.about, alarm.condition)));
        lines.join("\n")
    }
}
