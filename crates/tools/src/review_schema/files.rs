//! Files of DDL, built in a scratch database so that they can be reviewed like a live one.

use std::path::{Path, PathBuf};

use howdah_core::{Error, ErrorKind, Result};
use howdah_lint::schema::{ReviewOptions, Reviewed, Skipped, review};
use howdah_pg::{ConnInfo, Connection, NoEnvironment};
use howdah_rehearse::{Options, Rehearsing, Scratch, Unit};
use howdah_sql::split_lossy;

/// Files that are longer hold rows, no design.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Milliseconds that one statement may take.
const STATEMENT_MS: u64 = 60_000;
/// The name of the scratch database.
const DATABASE: &str = "review";

/// Texts of DDL and where they come from.
pub(super) struct Source {
    /// The path, or a word for what has none.
    pub(super) name: String,
    pub(super) text: String,
}

/// Builds the schema on a local server and reviews it. Statements that fail there are among what was skipped.
pub(super) async fn review_sources(
    sources: &[Source],
    schemas: &[String],
    options: &ReviewOptions,
) -> Result<Reviewed> {
    let mut skipped = Vec::new();
    let mut before = Vec::new();
    for source in sources {
        let (pieces, errors) = split_lossy(&source.text);
        for error in errors {
            skipped.push(Skipped {
                what: format!("{} line {}", source.name, error.line),
                reason: format!("{} {}", error.message, error.hint),
            });
        }
        before.push(
            pieces
                .iter()
                .map(|piece| Unit::autocommit(piece.text, piece.span()))
                .collect::<Vec<_>>(),
        );
    }
    if before.iter().all(Vec::is_empty) {
        let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        return Err(
            Error::invalid(format!("There is no statement in {}.", names.join(", ")))
                .hint("Give files of CREATE TABLE statements, or none to review the target."),
        );
    }
    let scratch = Scratch::for_major(None).await?;
    let database = scratch.database(DATABASE).await?;
    let url = database.superuser_url();
    let how = Options {
        statement_timeout_ms: STATEMENT_MS,
        clients: false,
        ..Options::default()
    };
    let mut rehearsing = Rehearsing::start(database, &how).await?;
    for (number, units) in before.iter().enumerate() {
        rehearsing.skip(number, units).await?;
    }
    skipped.extend(rehearsing.notes().iter().map(|note| of_note(note, sources)));
    let conninfo = ConnInfo::parse_with(&url, &NoEnvironment).map_err(howdah_pg::PgError::from)?;
    let mut connection = Connection::connect(&conninfo).await?;
    let mut reviewed = review(&mut connection, schemas, options, false).await?;
    // Not before: then the database is somebody else's.
    drop(rehearsing);
    skipped.append(&mut reviewed.skipped);
    if reviewed.model.tables.is_empty() && !skipped.is_empty() {
        let reasons: Vec<&str> = skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
        return Err(Error::invalid(
            "No table could be built from the files, so that there is nothing to review.",
        )
        .detail(reasons.join(" ")));
    }
    reviewed.skipped = skipped;
    Ok(reviewed)
}

/// What a rehearsal notes, with the name of the file in place of its number.
fn of_note(note: &str, sources: &[Source]) -> Skipped {
    let numbered = note
        .strip_prefix("Earlier script ")
        .and_then(|rest| rest.split_once(' '));
    let found = numbered
        .and_then(|(number, rest)| Some((sources.get(number.parse::<usize>().ok()?.checked_sub(1)?)?, rest)));
    match found {
        Some((source, rest)) => Skipped {
            what: source.name.clone(),
            reason: format!("It {rest}"),
        },
        None => Skipped {
            what: "a part of the files".to_owned(),
            reason: note.to_owned(),
        },
    }
}

/// The texts of files; of a directory, those of its `.sql` files in the order of their names.
pub(super) async fn read(paths: &[PathBuf]) -> Result<Vec<Source>> {
    let paths = paths.to_vec();
    tokio::task::spawn_blocking(move || {
        let mut sources = Vec::new();
        for path in &paths {
            if path.is_dir() {
                let files = sql_files(path)?;
                if files.is_empty() {
                    return Err(Error::invalid(format!(
                        "There is no .sql file in {}.",
                        path.display()
                    )));
                }
                for file in &files {
                    sources.push(source(file)?);
                }
            } else {
                sources.push(source(path)?);
            }
        }
        Ok(sources)
    })
    .await
    .map_err(|error| Error::internal(format!("Reading the files failed: {error}")))?
}

fn sql_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| local(format!("{} cannot be read: {error}", directory.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file()
            && path
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn source(path: &Path) -> Result<Source> {
    let failed = |error| local(format!("{} cannot be read: {error}", path.display()));
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length > MAX_BYTES {
        return Err(local(format!(
            "{} has {length} bytes; a schema has {MAX_BYTES} at most.",
            path.display()
        )));
    }
    Ok(Source {
        name: path.display().to_string(),
        text: std::fs::read_to_string(path).map_err(failed)?,
    })
}

fn local(message: String) -> Error {
    Error::new(ErrorKind::Local, message)
}
