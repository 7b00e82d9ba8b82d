//! Changesets of Liquibase in files of formatted SQL, and its table `databasechangelog`.
//!
//! A changeset is known there by its file, its id and its author. Its checksum is left out, as
//! `liquibase clear-checksums` leaves it: Liquibase fills it in at its next run, by its own rules.

use std::ops::Range;
use std::path::Path;

use howdah_core::{Error, Result};
use howdah_pg::Connection;
use howdah_sql::quote_literal;

/// The name of the tool, as that of its runner.
pub(super) const TOOL: &str = "liquibase";

const IS_THERE: &str = "SELECT to_regclass('databasechangelog') IS NOT NULL";
const APPLIED: &str = "SELECT filename, id, author FROM databasechangelog";

/// What makes a changeset depend on more than its file.
const CONDITIONS: &[&str] = &["context", "contextfilter", "labels", "runalways", "runonchange", "enddelimiter", "runwith"];

/// The changesets of a file that did not run so far.
pub(super) struct Pending {
    /// What of the file is run; empty where all of it did.
    pub(super) run: String,
    /// What the history is to say.
    pub(super) record: Vec<String>,
    /// What it says, or is to say, of the file's last changeset.
    last: Option<String>,
}

struct Changeset<'a> {
    id: &'a str,
    author: &'a str,
    file: Option<&'a str>,
    sql: &'a str,
}

impl Pending {
    /// Of a file whose changesets for PostgreSQL have these bytes.
    pub(super) async fn of(connection: &mut Connection, path: &Path, text: &str, parts: &[Range<usize>]) -> Result<Self> {
        exists(connection).await?;
        let rows = connection.query(APPLIED, &[]).await?;
        let applied: Vec<(String, String, String)> = rows
            .iter()
            .map(|row| {
                let cell = |at| row.get(at).unwrap_or_default().to_owned();
                (cell(0), cell(1), cell(2))
            })
            .collect();
        let known: Vec<&str> = applied.iter().map(|(file, ..)| file.as_str()).collect();
        let mut pending = Self { run: String::new(), record: Vec::new(), last: None };
        for changeset in changesets(path, text, parts)? {
            let file = match changeset.file {
                Some(file) => file.to_owned(),
                None => file_name(path, &known).ok_or_else(|| {
                    Error::invalid(format!(
                        "By which path Liquibase knows {} cannot be told: it has run no file beside it",
                        path.display()
                    ))
                    .hint("Say it in the file: --liquibase formatted sql logicalFilePath:PATH. Or give one changeset with --sql and --record=liquibase:PATH::ID::AUTHOR.")
                })?,
            };
            let noted = noted(&file, changeset.id, changeset.author);
            let is_applied = |(known, id, author): &(String, String, String)| {
                bare(known) == bare(&file) && id == changeset.id && author == changeset.author
            };
            pending.last = Some(noted.clone());
            if !applied.iter().any(is_applied) {
                pending.run.push_str(&super::ended(changeset.sql));
                pending.record.push(noted);
            }
        }
        Ok(pending)
    }

    /// Whether a script is this file's, of which the history may know by now.
    pub(super) fn is_of(&self, script: &str) -> bool {
        self.last.as_ref().is_some_and(|last| script.contains(last.as_str()))
    }
}

/// The statement for `PATH::ID::AUTHOR`, as Liquibase prints a changeset.
pub(super) async fn named(connection: &mut Connection, key: &str) -> Result<Vec<String>> {
    let parts: Vec<&str> = key.split("::").collect();
    let [file, id, author] = parts.as_slice() else {
        return Err(Error::invalid(format!("{key:?} names no changeset")).hint("Write it as liquibase:PATH::ID::AUTHOR, as Liquibase prints it."));
    };
    exists(connection).await?;
    Ok(vec![noted(file, id, author)])
}

async fn exists(connection: &mut Connection) -> Result<()> {
    let rows = connection.query(IS_THERE, &[]).await?;
    match rows.first().is_some_and(|row| row.is_true(0)) {
        true => Ok(()),
        false => Err(Error::invalid("The history of liquibase (databasechangelog) is not in this database, so that nothing can be recorded in it")
            .hint("Let liquibase make it first, or leave --record out.")),
    }
}

fn noted(file: &str, id: &str, author: &str) -> String {
    format!(
        "INSERT INTO databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype, description) \
         SELECT {}, {}, {}, now(), coalesce(max(orderexecuted), 0) + 1, 'EXECUTED', 'sql' FROM databasechangelog",
        quote_literal(id),
        quote_literal(author),
        quote_literal(file)
    )
}

fn changesets<'a>(path: &Path, text: &'a str, parts: &[Range<usize>]) -> Result<Vec<Changeset<'a>>> {
    let unclear = |what: String| {
        Error::invalid(format!("{}: {what}, which only Liquibase decides", path.display()))
            .hint("Let Liquibase run it, or run the file without --record and then: liquibase changelog-sync")
    };
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let whole_file = option(head, "logicalFilePath");
    parts
        .iter()
        .map(|part| {
            let sql = text.get(part.clone()).unwrap_or_default();
            let line = text.get(..part.start).and_then(|before| before.lines().last()).unwrap_or_default();
            let words = line.trim_start_matches(['-', ' ', '\t']).split_once(char::is_whitespace).map_or("", |(_, words)| words);
            let (author, rest) = words.split_once(':').unwrap_or_default();
            let id = rest.split_whitespace().next().unwrap_or_default();
            let author = author.trim();
            if author.is_empty() || id.is_empty() || line.contains('"') {
                return Err(unclear(format!("{line:?} names its changeset in a way of its own")));
            }
            if let Some(condition) = CONDITIONS.iter().find(|condition| option(rest, condition).is_some()) {
                return Err(unclear(format!("the changeset {author}:{id} depends on {condition}")));
            }
            let asks = |line: &str| line.trim_start().strip_prefix("--").is_some_and(|rest| rest.trim_start().to_lowercase().starts_with("precondition"));
            if sql.lines().any(asks) {
                return Err(unclear(format!("the changeset {author}:{id} has preconditions")));
            }
            if sql.contains("${") {
                return Err(unclear(format!("the changeset {author}:{id} has parameters")));
            }
            Ok(Changeset { id, author, file: option(rest, "logicalFilePath").or(whole_file), sql })
        })
        .collect()
}

/// The value of `key:value` among words.
fn option<'a>(words: &'a str, key: &str) -> Option<&'a str> {
    words.split_whitespace().find_map(|word| {
        let (name, value) = word.split_once(':')?;
        name.eq_ignore_ascii_case(key).then_some(value)
    })
}

fn bare(file: &str) -> &str {
    file.strip_prefix("classpath:").unwrap_or(file)
}

/// The name by which a file is known, told by those of its directory that are: the paths in the
/// history begin at a root that only Liquibase's configuration names.
fn file_name(path: &Path, known: &[&str]) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let (directory, name) = (path.parent()?, path.file_name()?.to_str()?);
    let mut roots: Vec<&str> = known
        .iter()
        .filter_map(|file| {
            let (above, other) = file.rsplit_once('/').map_or(("", *file), |(above, other)| (above, other));
            let is_beside = directory.ends_with(bare(above)) || above.is_empty();
            (is_beside && directory.join(bare(other)).is_file()).then_some(above)
        })
        .collect();
    roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
    roots.first().map(|root| match root.is_empty() {
        true => name.to_owned(),
        false => format!("{root}/{name}"),
    })
}
