//! What the program says about itself: `howdah book --json`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

/// Every tool and every command.
#[derive(Debug, Deserialize)]
pub(crate) struct Book {
    pub(crate) tools: Vec<ToolEntry>,
    pub(crate) commands: Vec<CommandEntry>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ToolEntry {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) toolset: String,
    pub(crate) effect: String,
    /// Whether models neither see nor reach it.
    #[serde(default)]
    pub(crate) person_only: bool,
    pub(crate) doc: String,
    pub(crate) input_schema: Value,
    pub(crate) output_schema: Value,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CommandEntry {
    pub(crate) path: Vec<String>,
    pub(crate) help: String,
    pub(crate) tool: String,
}

impl CommandEntry {
    /// As it is typed.
    pub(crate) fn words(&self) -> String {
        format!("howdah {}", self.path.join(" "))
    }

    /// The name of its page.
    pub(crate) fn file(&self) -> String {
        self.path.join("-")
    }
}

impl Book {
    /// Asks the program: `$HOWDAH_BIN`, where tests have built it already, else what is built here.
    pub(crate) fn of_the_program(root: &Path) -> Result<Self> {
        let mut command = match std::env::var_os("HOWDAH_BIN") {
            Some(program) => Command::new(program),
            None => {
                let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
                cargo.args(["run", "--quiet", "--package", "howdah", "--"]);
                cargo
            }
        };
        command.current_dir(root).args(["book", "--json"]);
        // A help text may show what a variable holds.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("PG") || name.starts_with("HOWDAH") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        let output = command.output().context("running howdah")?;
        if !output.status.success() {
            bail!(
                "`howdah book` failed:\n{}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        serde_json::from_slice(&output.stdout).context("reading what `howdah book` says")
    }
}
