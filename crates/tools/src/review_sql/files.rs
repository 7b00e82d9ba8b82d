//! The scripts: from files, from directories in the order of their names, from standard input.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use howdah_core::{Error, ErrorKind, Result};
use howdah_lint::Settings;
use howdah_lint::migration::Script;
use howdah_lint::runner::{Migration, Plan, Run, Surroundings, is_run, order};

/// A longer file is no migration.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// A script and where it comes from.
pub(super) struct Source {
    /// The file; `None` for a script that was sent.
    pub(super) path: Option<PathBuf>,
    pub(super) text: Arc<str>,
}

impl Source {
    pub(super) fn sent(text: &str) -> Self {
        Self {
            path: None,
            text: text.into(),
        }
    }

    pub(super) fn name(&self) -> String {
        self.path
            .as_ref()
            .map_or_else(|| "the script".to_owned(), |path| path.display().to_string())
    }

    /// How it is run: in one transaction where that is asked for, else as the tool that its file
    /// belongs to has it.
    pub(super) fn plan(&self, in_transaction: bool, surroundings: &Surroundings) -> Plan {
        match in_transaction {
            true => Plan::plain(&self.text, Run::Transaction),
            false => Plan::of(&Migration {
                path: self.path.as_deref().unwrap_or(Path::new("")),
                text: &self.text,
                surroundings,
            }),
        }
    }

    /// Its statements, in the transactions that its runner gives them.
    pub(super) fn script(&self, plan: &Plan) -> Script<'_> {
        Script::planned(&self.text, plan)
    }

    /// The same, in parts where it is very long.
    pub(super) fn parts(&self, plan: &Plan) -> impl Iterator<Item = Script<'_>> {
        Script::in_parts(&self.text, plan)
    }
}

/// Reads them all, or says which cannot be read. What `settings` exclude counts from the directory
/// `home` on.
pub(super) async fn read(paths: Vec<PathBuf>, settings: Settings, home: PathBuf) -> Result<Vec<Source>> {
    let read = tokio::task::spawn_blocking(move || {
        if paths.is_empty() && std::io::stdin().is_terminal() {
            return Err(Error::invalid("There is no script.")
                .hint("Name files or a directory, or give it on standard input (`-` where that is a terminal)."));
        }
        if paths.is_empty() {
            return Ok(vec![standard_input()?]);
        }
        let mut sources = Vec::new();
        for path in paths {
            match path.as_os_str() == "-" {
                true => sources.push(standard_input()?),
                false => named(&path, &settings, &home, &mut sources)?,
            }
        }
        Ok(sources)
    });
    read.await
        .map_err(|error| Error::internal(format!("Reading the scripts failed: {error}")))?
}

fn named(path: &Path, settings: &Settings, home: &Path, sources: &mut Vec<Source>) -> Result<()> {
    if !path.is_dir() {
        sources.push(file(path)?);
        return Ok(());
    }
    let mut found = Vec::new();
    below(path, &mut found)?;
    let surroundings = Surroundings::default();
    let is_left_out = |path: &PathBuf| {
        let from_home = std::path::absolute(path).ok();
        let from_home = from_home.as_deref().and_then(|path| path.strip_prefix(home).ok());
        settings.excludes(from_home.unwrap_or(path)) || !is_run(path, &surroundings)
    };
    found.retain(|path| !is_left_out(path));
    if found.is_empty() {
        return Err(local(format!("There is no .sql file in {}.", path.display()))
            .hint("Name the directory that holds the migrations, or the files."));
    }
    found.sort_by_cached_key(|path| {
        let directory = path.parent().map(natural);
        (directory, order(path, &surroundings), natural(path))
    });
    for path in found {
        sources.push(file(&path)?);
    }
    Ok(())
}

fn below(directory: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = |error| local(format!("{} cannot be read: {error}", directory.display()));
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() && !hidden {
            below(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql")) {
            found.push(path);
        }
    }
    Ok(())
}

/// Names in the order of their numbers: `V2__a` before `V10__b`.
fn natural(path: &Path) -> Vec<(String, u128)> {
    let mut parts = Vec::new();
    let mut word = String::new();
    let mut number = String::new();
    for c in path.to_string_lossy().chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        if !number.is_empty() {
            parts.push((std::mem::take(&mut word), number.parse().unwrap_or(u128::MAX)));
            number.clear();
        }
        word.push(c);
    }
    parts.push((word, number.parse().unwrap_or_default()));
    parts
}

fn file(path: &Path) -> Result<Source> {
    let unreadable = |error| local(format!("{} cannot be read: {error}", path.display()));
    let opened = std::fs::File::open(path).map_err(unreadable)?;
    let bytes = bounded(opened, &path.display().to_string())?;
    Ok(Source {
        text: text(bytes, &path.display().to_string())?,
        path: Some(path.to_owned()),
    })
}

fn standard_input() -> Result<Source> {
    let bytes = bounded(std::io::stdin().lock(), "Standard input")?;
    Ok(Source {
        path: None,
        text: text(bytes, "Standard input")?,
    })
}

fn bounded(from: impl Read, what: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| local(format!("{what} cannot be read: {error}")))?;
    match bytes.len() as u64 > MAX_BYTES {
        true => Err(local(format!("{what} is longer than {} MiB.", MAX_BYTES >> 20)).hint("Split it.")),
        false => Ok(bytes),
    }
}

fn text(bytes: Vec<u8>, what: &str) -> Result<Arc<str>> {
    if bytes.contains(&0) {
        return Err(local(format!("{what} is no text: it holds a NUL byte.")).hint("Give SQL scripts."));
    }
    match String::from_utf8(bytes) {
        // psql skips a byte order mark, too.
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).into()),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(local(format!("{what} is not valid UTF-8, from byte {at} on."))
                .hint("Convert it first: iconv -f LATIN1 -t UTF-8 FILE."))
        }
    }
}

fn local(message: String) -> Error {
    Error::new(ErrorKind::Local, message)
}

/// Lines and characters of rising offsets of a text, in one pass over it.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    /// Characters of the line before `at`.
    characters: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            characters: 0,
        }
    }

    /// The line and the character of an offset, both counted from 1.
    pub(super) fn place(&mut self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        if offset < self.at {
            *self = Self::of(self.text);
        }
        for character in self.text[self.at..offset].chars() {
            self.characters += 1;
            if character == '\n' {
                self.line += 1;
                self.characters = 0;
            }
        }
        self.at = offset;
        (self.line, self.characters + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_lines_and_characters() {
        let mut lines = Lines::of("é1\nab\n\nc");
        assert_eq!(lines.place(0), (1, 1));
        assert_eq!(lines.place(2), (1, 2));
        assert_eq!(lines.place(5), (2, 2));
        assert_eq!(lines.place(8), (4, 1));
        assert_eq!(lines.place(1), (1, 1));
        assert_eq!(lines.place(100), (4, 2));
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["10_b.sql", "2_a.sql", "2_1_a.sql", "views.sql"];
        names.sort_by_key(|name| natural(Path::new(name)));
        assert_eq!(names, ["2_1_a.sql", "2_a.sql", "10_b.sql", "views.sql"]);
    }
}
