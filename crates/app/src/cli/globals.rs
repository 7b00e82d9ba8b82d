use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, ValueHint, value_parser};

/// The options that every command has.
#[derive(Debug, Clone, Default)]
pub struct Globals {
    /// `--url`: a connection string that a person gives.
    pub url: Option<String>,
    /// `--target`: a target of `howdah.toml` or a cluster.
    pub target: Option<String>,
    /// `--database`: another database of the same server.
    pub database: Option<String>,
    /// `--config`: the file to read instead of the usual ones.
    pub config: Option<PathBuf>,
    /// `--json`: results and errors as JSON on standard output.
    pub json: bool,
    /// `--yes`: the person's consent to what the command changes.
    pub yes: bool,
    /// `--quiet`: nothing but the result.
    pub quiet: bool,
    /// `--no-color`.
    pub no_color: bool,
    /// `--log`: what is logged to standard error.
    pub log: Option<String>,
}

pub(super) fn args() -> Vec<Arg> {
    let option = |name: &'static str, value: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .global(true)
            .help_heading("Global options")
    };
    let flag = |name: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .global(true)
            .help_heading("Global options")
    };
    vec![
        option("url", "URL").help("The database, as psql takes it: postgres://… or key=value words"),
        option("target", "NAME").help("A target of howdah.toml, or a cluster that Howdah created"),
        option("database", "NAME").help("Another database of the same server"),
        option("config", "FILE")
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::FilePath)
            .help("The configuration [default: ./howdah.toml, else howdah/howdah.toml in the user's configuration directory]"),
        flag("json").help("Print the result, or the error, as JSON"),
        flag("yes")
            .short('y')
            .help("Consent to what the command changes, without being asked"),
        flag("quiet").short('q').help("Print nothing but the result"),
        flag("no-color").help("Print without colours [also: NO_COLOR]"),
        option("log", "LEVEL")
            .help("What to log on standard error: error, warn, info, debug or a filter [also: RUST_LOG; default: warn]"),
    ]
}

impl From<&ArgMatches> for Globals {
    /// From the matches of the root; a command's own option of the same name
    /// (`--target` of a tool) counts as the global one.
    fn from(root: &ArgMatches) -> Self {
        let mut leaf = root;
        while let Some((_, below)) = leaf.subcommand() {
            leaf = below;
        }
        let text = |name: &str| {
            [leaf, root]
                .into_iter()
                .find_map(|matches| matches.try_get_one::<String>(name).ok().flatten().cloned())
        };
        let flag = |name: &str| {
            [leaf, root]
                .into_iter()
                .any(|matches| matches!(matches.try_get_one::<bool>(name), Ok(Some(true))))
        };
        Self {
            url: text("url"),
            target: text("target"),
            database: text("database"),
            config: root.get_one::<PathBuf>("config").cloned(),
            json: flag("json"),
            yes: flag("yes"),
            quiet: flag("quiet"),
            no_color: flag("no-color"),
            log: text("log"),
        }
    }
}
