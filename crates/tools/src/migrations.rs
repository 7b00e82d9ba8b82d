//! Migrations as projects keep them: which file of a directory comes next, which part of it is
//! run, and how the tool that the file belongs to learns that it ran.

#[path = "migrations/changelog.rs"]
mod changelog;
#[path = "migrations/history.rs"]
mod history;

use std::ops::Range;
use std::path::{Path, PathBuf};

use howdah_change::journal::{self, State};
use howdah_core::{Error, ErrorKind, Result};
use howdah_lint::runner::{self, Plan, Surroundings};
use howdah_pg::Connection;

use changelog::Pending;
use history::{HISTORIES, History};

/// A longer file is no migration.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// A file of a migration tool, or a plain script.
pub(crate) struct Migration {
    path: PathBuf,
    text: String,
    /// The bytes of it that are run.
    parts: Vec<Range<usize>>,
    /// What of it is run.
    run: String,
    tool: Option<&'static str>,
}

impl Migration {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let unreadable = |error| local(format!("{} cannot be read: {error}", path.display()));
        if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_BYTES {
            return Err(local(format!("{} is too long for a migration", path.display())));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let surroundings = Surroundings::default();
        let plan = Plan::of(&runner::Migration { path, text: &text, surroundings: &surroundings });
        let parts: Vec<_> = plan.parts().collect();
        let run: Vec<&str> = parts.iter().filter_map(|part| text.get(part.clone())).collect();
        Ok(Self { path: path.to_owned(), run: run.join("\n"), parts, tool: plan.runner, text })
    }

    /// The script, and with it, where that is asked for, what the tool's history is to say: for
    /// `as_what` its own entry, where that is empty, else that of `TOOL:KEY`.
    pub(crate) async fn script(&self, connection: &mut Connection, as_what: Option<&str>) -> Result<String> {
        let Some(as_what) = as_what else { return Ok(self.run.clone()) };
        if !as_what.is_empty() {
            return recorded(connection, &self.run, as_what).await;
        }
        if self.tool == Some(changelog::TOOL) {
            let pending = self.pending(connection).await?;
            if !pending.record.is_empty() {
                return Ok(joined(&pending.run, &pending.record));
            }
            let noted = format!("Every changeset of {} is in the history of Liquibase", self.path.display());
            return Err(Error::new(ErrorKind::NotFound, noted));
        }
        let history = self.history()?;
        let key = self.key(history)?;
        exists(connection, history).await?;
        Ok(joined(&self.run, &(history.record)(&self.path, &self.text, &key)))
    }

    async fn pending(&self, connection: &mut Connection) -> Result<Pending> {
        Pending::of(connection, &self.path, &self.text, &self.parts).await
    }

    fn key(&self, history: &History) -> Result<String> {
        (history.key)(&self.path, &self.text).ok_or_else(|| {
            Error::invalid(format!("{} has no version by which {} would know it", self.path.display(), history.tool))
                .hint(format!("Give it: --record={}:KEY", history.tool))
        })
    }

    fn history(&self) -> Result<&'static History> {
        let known = self.tool.and_then(|tool| HISTORIES.iter().find(|history| history.tool == tool));
        known.ok_or_else(|| match self.tool {
            Some(tool) => Error::invalid(format!("Howdah does not write the history of {tool}")).hint(history::by_itself(tool)),
            None => Error::invalid(format!("{} belongs to no migration tool that Howdah knows", self.path.display()))
                .hint("Name the tool and the entry: --record=django:shop.0002_add_total, or leave --record out."),
        })
    }
}

/// A script with what the history of `TOOL:KEY` is to say.
pub(crate) async fn recorded(connection: &mut Connection, script: &str, as_what: &str) -> Result<String> {
    let tools = || {
        let tools = HISTORIES.iter().map(|history| history.tool).chain([changelog::TOOL]);
        tools.collect::<Vec<_>>().join(", ")
    };
    let (tool, key) = as_what.split_once(':').filter(|(_, key)| !key.is_empty()).ok_or_else(|| {
        Error::invalid(format!("{as_what:?} names no entry of a history")).hint("Write it as TOOL:KEY, such as dbmate:20240101000000.")
    })?;
    if tool == changelog::TOOL {
        return Ok(joined(script, &changelog::named(connection, key).await?));
    }
    let history = HISTORIES.iter().find(|history| history.tool == tool).ok_or_else(|| {
        Error::invalid(format!("Howdah does not write the history of {tool}")).hint(format!("It knows: {}.", tools()))
    })?;
    exists(connection, history).await?;
    Ok(joined(script, &(history.record)(Path::new(key), script, key)))
}

/// The next file of a directory that its tool's history does not have, as a script; a file whose
/// change was interrupted comes first, for its history may have been written already.
pub(crate) async fn next(connection: &mut Connection, directory: &Path, as_what: Option<&str>) -> Result<(PathBuf, String)> {
    let files = in_order(directory)?;
    if files.is_empty() {
        return Err(local(format!("There is no migration in {}", directory.display())));
    }
    let unfinished: Vec<String> = journal::list(connection, None)
        .await?
        .into_iter()
        .filter(|entry| matches!(entry.state, State::Running | State::Paused | State::Failed))
        .map(|entry| entry.plan.script)
        .collect();
    let mut next = None;
    let mut applied: Vec<(&'static str, Vec<String>)> = Vec::new();
    for path in files {
        let migration = Migration::read(&path)?;
        if migration.tool == Some(changelog::TOOL) {
            let pending = migration.pending(connection).await?;
            let is_it = |script: &&String| pending.is_of(script) || **script == pending.run;
            if let Some(script) = unfinished.iter().find(is_it) {
                return Ok((path, script.clone()));
            }
            if !pending.record.is_empty() && next.is_none() {
                let script = match as_what {
                    Some(_) => joined(&pending.run, &pending.record),
                    None => pending.run,
                };
                next = Some((path, script));
            }
            continue;
        }
        let history = migration.history()?;
        if !applied.iter().any(|(tool, _)| *tool == history.tool) {
            applied.push((history.tool, self::applied(connection, history).await?));
        }
        let keys = applied.iter().find(|(tool, _)| *tool == history.tool).map(|(_, keys)| keys.as_slice());
        // What is repeated whenever it changes has no version.
        let Some(key) = (history.key)(&migration.path, &migration.text) else { continue };
        let is_pending = !(history.covers)(keys.unwrap_or_default(), &key);
        if !is_pending && unfinished.is_empty() {
            continue;
        }
        let script = migration.script(connection, as_what.map(|_| "")).await?;
        if unfinished.contains(&script) {
            return Ok((path, script));
        }
        if is_pending && next.is_none() {
            next = Some((path, script));
        }
    }
    next.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("Every migration in {} is in the history of its tool", directory.display()))
    })
}

/// The keys that a history has; none where it was never made.
async fn applied(connection: &mut Connection, history: &History) -> Result<Vec<String>> {
    if !is_there(connection, history).await? {
        return Ok(Vec::new());
    }
    let rows = connection.query(history.applied, &[]).await?;
    Ok(rows.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect())
}

async fn is_there(connection: &mut Connection, history: &History) -> Result<bool> {
    let rows = connection.query("SELECT to_regclass($1) IS NOT NULL", &[Some(history.table)]).await?;
    Ok(rows.first().is_some_and(|row| row.is_true(0)))
}

async fn exists(connection: &mut Connection, history: &History) -> Result<()> {
    if is_there(connection, history).await? {
        return Ok(());
    }
    Err(Error::invalid(format!("The history of {0} ({1}) is not in this database, so that nothing can be recorded in it", history.tool, history.table))
        .hint(format!("Let {} make it first, or leave --record out.", history.tool)))
}

/// The migrations of a directory in the order in which its tool runs them.
fn in_order(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    below(directory, &mut found)?;
    let surroundings = Surroundings::default();
    found.retain(|path| runner::is_run(path, &surroundings));
    found.sort_by_cached_key(|path| {
        let of = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (name, parent) = (of(path), path.parent().map(of).unwrap_or_default());
        let number = history::digits(&name).parse::<u128>().unwrap_or(u128::MAX);
        (parent, runner::order(path, &surroundings), number, name)
    });
    Ok(found)
}

fn below(directory: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = |error| local(format!("{} cannot be read: {error}", directory.display()));
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
        if kind.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
            below(&path, found)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
    Ok(())
}

/// A script with statements behind it.
fn joined(script: &str, statements: &[String]) -> String {
    format!("{}{};\n", ended(script), statements.join(";\n"))
}

/// A text so that another can follow: its last statement ends, and no comment swallows what comes.
fn ended(script: &str) -> String {
    let script = script.trim_end();
    let comments: Vec<Range<usize>> = howdah_sql::comments(script).collect();
    let mut last = script;
    for comment in comments.iter().rev() {
        let behind = last.get(comment.end.min(last.len())..).unwrap_or_default();
        if !behind.trim().is_empty() {
            break;
        }
        last = script[..comment.start].trim_end();
    }
    format!("{script}{}", if last.is_empty() || last.ends_with(';') { "\n" } else { "\n;\n" })
}

fn local(message: String) -> Error {
    Error::new(ErrorKind::Local, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_script_is_a_statement_of_its_own() {
        for (script, whole) in [
            ("SELECT 1", "SELECT 1\n;\n"),
            ("SELECT 1;\n", "SELECT 1;\n"),
            ("SELECT 1 -- one;", "SELECT 1 -- one;\n;\n"),
            ("SELECT 1; -- one\n/* two */ -- three\n", "SELECT 1; -- one\n/* two */ -- three\n"),
            ("SELECT '-- ;'", "SELECT '-- ;'\n;\n"),
            ("-- nothing", "-- nothing\n"),
        ] {
            assert_eq!(ended(script), whole);
        }
    }
}
