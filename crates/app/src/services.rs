//! What tools may use: built from the configuration when a command starts, each
//! without reading, opening or connecting to anything before it is needed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use howdah_aurora::Clusters;
use howdah_core::{Caller, Config, Context, Error, ErrorKind, Result};
use howdah_jobs::{Engine, Launcher};
use howdah_pg::Targets;
use howdah_store::Store;
use howdah_tools::target_session;

use crate::cli::Globals;

/// The file that is looked for in the directory and below the user's.
const FILE: &str = "howdah.toml";

/// The context of a command or of an MCP session.
pub(crate) async fn context(globals: &Globals, caller: Caller) -> Result<Context> {
    if globals.url.is_some() && globals.target.is_some() {
        return Err(Error::invalid("--url and --target each name a database.").hint("Give one of the two."));
    }
    let config = Arc::new(config(globals.config.as_deref())?);
    let targets = Targets::load(&config, globals.url.as_deref(), globals.target.as_deref())?;
    let store = Store::open_default()?;
    let engine = Engine::new(store.clone(), launcher(globals)?);
    let clusters = Clusters::new(&config)?;
    let targets = Arc::new(targets);
    let cx = Context::new(caller)
        .with(config)
        .with(Arc::clone(&targets))
        .with(Arc::new(store))
        .with(Arc::new(engine))
        .with(Arc::new(clusters));
    // --target may name a cluster, and must be known before it is the default.
    if globals.target.is_some() || globals.database.is_some() {
        let named = globals.target.as_deref();
        targets.set_default(&target_session::resolve(&cx, named, globals.database.as_deref()).await?);
    }
    Ok(cx)
}

/// Gives jobs whose worker died, with the machine perhaps, a new one. Touches
/// nothing where no job was ever started.
pub(crate) async fn adopt_jobs(cx: &Context) {
    let adopted = match cx.get::<Engine>() {
        Ok(engine) => engine.adopt_orphans().await.map_err(Error::from),
        Err(error) => Err(error),
    };
    if let Err(error) = adopted {
        tracing::warn!(%error, "unfinished jobs could not be taken up");
    }
}

/// How workers are started: as this program with the same configuration. They
/// have the environment too, but not the options that may hold a password.
fn launcher(globals: &Globals) -> Result<Launcher> {
    let local = |error: std::io::Error| {
        Error::new(
            ErrorKind::Local,
            format!("This program does not find itself, so that it could start workers: {error}"),
        )
    };
    let mut launcher = Launcher::this_program().map_err(local)?;
    // Workers run in another directory, where ./howdah.toml would not be found.
    if let Some(config) = config_file(globals.config.as_deref()) {
        let config = std::path::absolute(config).map_err(local)?;
        launcher
            .arguments
            .splice(0..0, ["--config".into(), config.into()]);
    }
    Ok(launcher)
}

/// The named file; else `./howdah.toml`; else the user's; else nothing.
fn config_file(named: Option<&Path>) -> Option<PathBuf> {
    match named {
        Some(path) => Some(path.to_owned()),
        None => [Some(PathBuf::from(FILE)), users_file()]
            .into_iter()
            .flatten()
            .find(|path| path.is_file()),
    }
}

fn config(named: Option<&Path>) -> Result<Config> {
    config_file(named).map_or_else(|| Ok(Config::default()), |path| read(&path))
}

fn users_file() -> Option<PathBuf> {
    let directory = env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".config")))?;
    Some(directory.join("howdah").join(FILE))
}

fn read(path: &Path) -> Result<Config> {
    let text = fs::read_to_string(path).map_err(|error| {
        Error::new(
            ErrorKind::Local,
            format!("The configuration {} cannot be read: {error}", path.display()),
        )
        .hint("Name another file with --config.")
    })?;
    Config::parse(&text, path.display().to_string())
}
