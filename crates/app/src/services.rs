//! What tools may use: built from the configuration when a command starts, each
//! without reading, opening or connecting to anything before it is needed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use howdah_core::{Caller, Config, Context, Error, ErrorKind, Result};
use howdah_jobs::Engine;

use crate::cli::Globals;

/// The file that is looked for in the directory and below the user's.
const FILE: &str = "howdah.toml";

/// The context of a command or of an MCP session.
pub(crate) fn context(globals: &Globals, caller: Caller) -> Result<Context> {
    let config = config(globals.config.as_deref())?;
    Ok(Context::new(caller)
        .with(Arc::new(config))
        .with(Arc::new(howdah_pg::Targets)))
}

/// The engine of jobs alone, for a worker.
pub(crate) fn engine(_globals: &Globals) -> Result<Arc<Engine>> {
    Ok(Arc::new(Engine))
}

/// The named file; else `./howdah.toml`; else the user's; else nothing.
fn config(named: Option<&Path>) -> Result<Config> {
    if let Some(path) = named {
        return read(path);
    }
    let found = [Some(PathBuf::from(FILE)), users_file()]
        .into_iter()
        .flatten()
        .find(|path| path.is_file());
    match found {
        Some(path) => read(&path),
        None => Ok(Config::default()),
    }
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
