//! Howdah's own chores. Run as `cargo run -p xtask -- COMMAND`.

mod book;
mod check;
mod docs;
mod layers;
mod links;
mod manifest;
mod new;
mod page;
mod sources;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Howdah's own chores.
#[derive(Parser)]
#[command(name = "xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Begin a tool, rule, check or template: one new file, from a template.
    New {
        /// What it is.
        kind: String,
        /// Its name, in snake case.
        name: String,
    },
    /// Write the reference pages of docs/ from the program itself.
    Docs {
        /// Only say whether they are up to date.
        #[arg(long)]
        check: bool,
    },
    /// What no compiler sees: import directions, pages in step with the code, links, house rules.
    Check,
}

fn main() -> ExitCode {
    let root = root();
    let done = match Arguments::parse().command {
        Command::New { kind, name } => new::new(&root, &kind, &name).map(|lines| (lines, true)),
        Command::Docs { check: false } => docs::write(&root).map(|lines| (lines, true)),
        Command::Docs { check: true } => docs::drift(&root).map(|problems| {
            let in_step = problems.is_empty();
            (problems, in_step)
        }),
        Command::Check => check::check(&root).map(|problems| {
            let clean = problems.is_empty();
            (problems, clean)
        }),
    };
    match done {
        Ok((lines, good)) => {
            for line in lines {
                say(&line);
            }
            if good {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            say(&format!("xtask: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// The checkout that this program was built from.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

#[allow(clippy::print_stdout, reason = "this is the face of the program")]
fn say(line: &str) {
    println!("{line}");
}
