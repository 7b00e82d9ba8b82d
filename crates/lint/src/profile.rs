use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose opinion counts where opinions differ: INT or bigint, varchar(n) or text, serial or identity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// What PostgreSQL's behaviour speaks for today.
    #[default]
    Modern,
    /// The letter of the guide.
    Guide,
}
