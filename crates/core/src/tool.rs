use std::future::Future;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, Effect, Report, Result, Toolset};

/// One capability, defined once and served by every face.
///
/// The struct is its input; its doc comment is the command's `--help`, the
/// schema's description and the page in the book. Register it with
/// [`tool!`](crate::tool).
pub trait Tool: Args + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The stable MCP name, in snake case.
    const NAME: &'static str;
    /// A few words for a menu.
    const TITLE: &'static str;
    /// The toolset in which MCP clients see it.
    const TOOLSET: Toolset;
    /// What it may change.
    const EFFECT: Effect;
    /// The words of its command: `["cluster", "create"]`.
    const COMMAND: &'static [&'static str];
    /// Two or three command lines with a word on each, shown by `--help`.
    const EXAMPLES: &'static str;
    /// Whether only a person may run it: then MCP clients neither see nor reach it.
    const PERSON_ONLY: bool = false;
    /// Whether it runs until it is told to end, and then has something to finish: an interrupt
    /// of its command triggers [`Context::cancel`] and waits a moment for its result.
    const ENDS_WHEN_TOLD: bool = false;
    /// What it gives back.
    type Out: Output;

    /// Does it.
    fn run(self, cx: &Context) -> impl Future<Output = Result<Self::Out>> + Send;
}

/// A tool's result: structured for programs, a [`Report`] for people.
pub trait Output: Serialize + JsonSchema + Send + 'static {
    /// How it reads.
    fn report(&self) -> Report;

    /// What a model needs to be told beside the structured output, in a line or two.
    fn summary(&self) -> String {
        self.report().to_text(Some(100))
    }

    /// The job that was started, for a command line that waits for it.
    fn job(&self) -> Option<&str> {
        None
    }

    /// The exit code of the command: 0 unless the result itself is bad news.
    fn exit_code(&self) -> u8 {
        0
    }
}

/// Another command line over a tool, for where one tool serves several
/// commands (`cluster stop`, `cluster delete`). Register it with
/// [`command!`](crate::command).
pub trait Command: Args + Send + 'static {
    /// The words of the command.
    const COMMAND: &'static [&'static str];
    /// As for a tool.
    const EXAMPLES: &'static str;
    /// The tool that does the work.
    type Tool: Tool;

    /// The tool's input for these arguments.
    fn into_tool(self) -> Result<Self::Tool>;
}
