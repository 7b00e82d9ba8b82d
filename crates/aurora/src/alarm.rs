use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What tells somebody when a metric of a cluster is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// The cluster or the instance that it is about.
    pub about: String,
    /// The metric; absent where it goes by other alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// When it goes off: `CPUUtilization > 80 for 15 minutes`.
    pub condition: String,
    /// How it is now.
    pub state: AlarmState,
    /// Who is told, by ARN; none where it tells nobody by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tells: Vec<String>,
    /// Whether Howdah made it.
    pub by_howdah: bool,
}

/// How an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// All is well.
    Ok,
    /// It has gone off.
    Alarm,
    /// Nothing was measured yet.
    NoData,
}

impl AlarmState {
    /// As users read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Alarm => "in alarm",
            Self::NoData => "no data yet",
        }
    }
}
