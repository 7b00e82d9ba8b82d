//! The command line: a clap tree built from the registered commands, plus the
//! few that are about the program itself.

mod globals;
mod run;
mod wording;

use std::sync::LazyLock;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, value_parser};
use howdah_core::{CommandEntry, Toolset, commands};

pub use globals::Globals;
pub(crate) use run::run;

/// What a group of commands is for; its commands come from the registry.
const GROUPS: &[(&str, &str)] = &[
    (
        "change",
        "Change the schema beside the clients: plan it, carry it out, go on, take it back",
    ),
    (
        "cluster",
        "Create, show, connect to, change, copy, upgrade and delete clusters",
    ),
    (
        "index",
        "Which indexes to build for what, and what is wrong with those that there are",
    ),
    (
        "blue-green",
        "Upgrade or change a cluster on a copy that follows it, then switch over",
    ),
    ("history", "What was seen while a database was watched"),
    (
        "log",
        "The server's log of slow statements: turn it on, and read it",
    ),
    ("job", "Follow, cancel and resume what runs in the background"),
    (
        "proxy",
        "A proxy before a cluster, which shares few sessions among many clients",
    ),
];

const AFTER_HELP: &str = "\
Exit codes:
  0    done
  1    refused or failed, or the result itself is bad news
  2    wrong usage, or it could not run: no server, no file, no permission
  3    the job that was waited for was cancelled
  130  interrupted; what ran on the server was cancelled

Which database: --url, else --target, else DATABASE_URL, else default_target of howdah.toml.";

const MCP_AFTER_HELP: &str = "\
Examples:
  DATABASE_URL=postgres://app@localhost/shop howdah mcp   serve that database to an MCP client
  howdah --target staging mcp --toolsets core,ops         a target of howdah.toml, more tools";

/// The whole tree, as its help is read.
pub fn command() -> Command {
    // The reference pages ask for it once for each command.
    static WORDED: LazyLock<Command> = LazyLock::new(|| wording::for_the_shell(parser()));
    WORDED.clone()
}

/// The tree for parsing, which needs nothing but the registry: no file, no server, and no words.
pub fn parser() -> Command {
    let mut root = Command::new("howdah")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Drive Aurora PostgreSQL and PostgreSQL: clusters, queries, jobs; for people and, as an MCP server, for agents")
        .after_help(AFTER_HELP)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .infer_long_args(false)
        .args(globals::args());
    for entry in commands() {
        root = insert(root, entry.path, entry);
    }
    if root.find_subcommand("job").is_none() {
        root = root.subcommand(group("job"));
    }
    root.subcommand(mcp())
        .subcommand(crate::web::command())
        .subcommand(crate::top::command())
        .subcommand(crate::demo::command())
        .subcommand(completions())
        .subcommand(book())
        .mut_subcommand("job", |job| job.subcommand(job_work()))
}

/// The registered command that was chosen, with its own arguments.
pub fn chosen(matches: &ArgMatches) -> Option<(&'static CommandEntry, &ArgMatches)> {
    let mut words = Vec::new();
    let mut leaf = matches;
    while let Some((word, below)) = leaf.subcommand() {
        words.push(word);
        leaf = below;
    }
    let entry = commands().into_iter().find(|entry| entry.path == words)?;
    Some((entry, leaf))
}

/// Whether the command starts a job that `--wait` can follow: every tool of the
/// kind is named so.
pub fn starts_a_job(tool: &str) -> bool {
    tool.starts_with("start_") && tool.ends_with("_job")
}

fn insert(parent: Command, path: &'static [&'static str], entry: &'static CommandEntry) -> Command {
    let Some((&word, rest)) = path.split_first() else {
        return leaf(parent, entry);
    };
    let exists = parent.find_subcommand(word).is_some();
    if exists {
        return parent.mut_subcommand(word, |child| insert(child, rest, entry));
    }
    let child = if rest.is_empty() {
        Command::new(word)
    } else {
        group(word)
    };
    parent.subcommand(insert(child, rest, entry))
}

fn group(word: &'static str) -> Command {
    let about = GROUPS
        .iter()
        .find(|(name, _)| *name == word)
        .map_or("", |(_, about)| about);
    Command::new(word)
        .about(about)
        .subcommand_required(true)
        .arg_required_else_help(true)
}

fn leaf(command: Command, entry: &'static CommandEntry) -> Command {
    let examples = entry.examples.trim();
    let mut command = (entry.augment)(command);
    if !examples.is_empty() {
        command = command.after_help(format!("Examples:\n{}", indented(examples)));
    }
    if starts_a_job(entry.tool) {
        command = command.arg(
            Arg::new("wait")
                .long("wait")
                .action(ArgAction::SetTrue)
                .help("Follow the job to its end and print its result"),
        );
    }
    command
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("  {}", line.trim()))
        .collect::<Vec<_>>()
        .join("\n")
}

fn mcp() -> Command {
    Command::new("mcp")
        .about("Serve the tools to an MCP client over standard input and output")
        .after_help(MCP_AFTER_HELP)
        .arg(
            Arg::new("toolsets")
                .long("toolsets")
                .value_name("SETS")
                .value_delimiter(',')
                .value_parser(toolset_names())
                .help("The groups of tools to offer [default: [mcp] toolsets of howdah.toml, else core]"),
        )
        .arg(
            Arg::new("output-schemas")
                .long("output-schemas")
                .action(ArgAction::SetTrue)
                .help("List the schema of every result too, for clients that generate code from it"),
        )
        .arg(
            Arg::new("results")
                .long("results")
                .value_name("FORM")
                .value_parser(["structured", "text"])
                .help("How results are sent: as structured content beside a short text, or all of it as text, for clients that show their model nothing else [default: structured]"),
        )
}

fn toolset_names() -> Vec<&'static str> {
    Toolset::ALL.iter().map(|set| set.name()).chain(["all"]).collect()
}

fn completions() -> Command {
    Command::new("completions")
        .about("Print the completion script of a shell")
        .after_help("Examples:\n  howdah completions bash > /etc/bash_completion.d/howdah   for everyone on this machine\n  source <(howdah completions zsh)                         for this shell")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(value_parser!(clap_complete::Shell))
                .help("The shell"),
        )
}

fn book() -> Command {
    Command::new("book")
        .about("Print every tool and command with its schemas, from which the reference is made")
        .hide(true)
}

fn job_work() -> Command {
    Command::new("work")
        .about("Work on a job in this process; jobs start this by themselves")
        .hide(true)
        .arg(
            Arg::new("id")
                .value_name("ID")
                .required(true)
                .value_hint(ValueHint::Other)
                .help("The job"),
        )
}
