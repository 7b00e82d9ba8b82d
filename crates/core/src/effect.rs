use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What running a tool may change outside this program.
///
/// The MCP annotations are derived from it together with the modes of the
/// configured targets, so that a client in plan mode is told the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Never changes anything: no row, no setting, no cluster.
    ReadOnly,
    /// Runs what the caller sent, through the guard: changes a database only
    /// where the target's mode allows it. Read-only when every target is.
    AsTargetAllows,
    /// Adds something (a cluster, a connection) and destroys nothing.
    Additive,
    /// May remove or replace something that exists.
    Destructive,
}

impl Effect {
    /// Whether the tool changes nothing, given whether any target accepts writes.
    pub fn is_read_only(self, any_target_writable: bool) -> bool {
        match self {
            Self::ReadOnly => true,
            Self::AsTargetAllows => !any_target_writable,
            Self::Additive | Self::Destructive => false,
        }
    }

    /// Whether the tool may destroy something, given whether any target accepts writes.
    pub fn is_destructive(self, any_target_writable: bool) -> bool {
        match self {
            Self::ReadOnly | Self::Additive => false,
            Self::AsTargetAllows => any_target_writable,
            Self::Destructive => true,
        }
    }
}

/// The group in which an MCP client is offered a tool (`howdah mcp --toolsets …`).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Toolset {
    /// The default: connect, explore, query, clusters and jobs at their simplest.
    Core,
    /// Diagnosis, health and advice.
    Ops,
    /// Everything that operates a cluster.
    Cluster,
    /// Design, review, changes and generated code.
    Build,
}

impl Toolset {
    /// Every toolset, in the order of their menu.
    pub const ALL: [Self; 4] = [Self::Core, Self::Ops, Self::Cluster, Self::Build];

    /// The name that `--toolsets` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Ops => "ops",
            Self::Cluster => "cluster",
            Self::Build => "build",
        }
    }
}
