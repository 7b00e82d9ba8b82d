//! How the tools that run migrations run a file: what of it, in which order, in which transactions.
//!
//! One file per tool beside this one, with its page. A statement that a tool sends inside of a
//! transaction keeps its locks until the end of it, and some statements fail there; so the same
//! text is safe with one tool and dangerous with another.

mod marks;
mod surroundings;

use std::ops::Range;
use std::path::Path;

use howdah_sql::split_lossy;

pub use surroundings::Surroundings;

include!(concat!(env!("OUT_DIR"), "/runners.rs"));

/// A file, and what lies around it.
#[derive(Clone, Copy)]
pub struct Migration<'a> {
    /// Where it is; empty for a text without a file.
    pub path: &'a Path,
    /// All of it.
    pub text: &'a str,
    /// For the files beside it.
    pub surroundings: &'a Surroundings,
}

/// A tool that runs migrations.
pub struct Runner {
    /// Its name, as in its file's: `golang-migrate`.
    pub name: &'static str,
    /// Whether a file is one of its own, and how it shows.
    pub recognises: fn(&Migration<'_>) -> Option<Sign>,
    /// The parts of the file, in their order, and how each is run; what lies between them is not run.
    pub sections: fn(&Migration<'_>) -> Vec<Section>,
    /// The place of a file among others of its directory, where the path tells that it is the
    /// tool's and the order is not that of the names.
    pub order: fn(&Path, &Surroundings) -> Option<Vec<u64>>,
    /// Whether the file undoes or verifies another one: it is left out where a directory is read.
    pub is_aside: fn(&Path, &Surroundings) -> bool,
    /// What it does with what psql does.
    pub does: OfPsql,
}

/// What a tool does of that which psql does with a script, and a server cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfPsql {
    /// Nothing.
    Nothing,
    /// It sends the rows behind a COPY … FROM STDIN.
    Copy,
    /// Everything: it is psql that runs the file.
    All,
}

/// By what a tool's file is known, the weakest sign first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// By the files around it.
    Place,
    /// By its own name.
    Name,
    /// By a comment that only this tool reads or writes.
    Mark,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its bytes.
    pub bytes: Range<usize>,
    /// How it is run.
    pub run: Run,
}

/// How a part of a file is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Each statement by itself.
    Alone,
    /// In a transaction that the tool opens.
    Transaction,
    /// In one message: several statements make a transaction then, a single one does not.
    Message,
}

/// How a statement reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// By itself; BEGIN and COMMIT of the script are honoured.
    Alone,
    /// In the tool's transaction of that number.
    Together(u32),
    /// Not at all.
    Not,
}

inventory::collect!(Runner);

/// Registers a [`Runner`] of the file that it stands in.
#[macro_export]
macro_rules! runner {
    ($runner:expr) => {
        inventory::submit! { $runner }
    };
}

impl Runner {
    /// A runner with the usual order and nothing aside, which sends what it reads to the server.
    pub const fn new(
        name: &'static str,
        recognises: fn(&Migration<'_>) -> Option<Sign>,
        sections: fn(&Migration<'_>) -> Vec<Section>,
    ) -> Self {
        Self {
            name,
            recognises,
            sections,
            order: |_, _| None,
            is_aside: |_, _| false,
            does: OfPsql::Nothing,
        }
    }

    /// With what psql does.
    pub const fn like_psql(mut self, does: OfPsql) -> Self {
        self.does = does;
        self
    }

    /// With an order of its own.
    pub const fn ordered(mut self, order: fn(&Path, &Surroundings) -> Option<Vec<u64>>) -> Self {
        self.order = order;
        self
    }

    /// With files that undo or verify others.
    pub const fn with_aside(mut self, is_aside: fn(&Path, &Surroundings) -> bool) -> Self {
        self.is_aside = is_aside;
        self
    }
}

/// Every tool that is known, by name.
pub fn runners() -> Vec<&'static Runner> {
    let mut all: Vec<_> = inventory::iter::<Runner>().collect();
    all.sort_by_key(|runner| runner.name);
    all
}

/// The pages of the runners, by name, sorted.
pub fn pages() -> &'static [(&'static str, &'static str)] {
    PAGES
}

/// Whether a file of a directory is run when its migrations are.
pub fn is_run(path: &Path, surroundings: &Surroundings) -> bool {
    !inventory::iter::<Runner>().any(|runner| (runner.is_aside)(path, surroundings))
}

/// By what the files of one directory are to be sorted, before their names.
pub fn order(path: &Path, surroundings: &Surroundings) -> Vec<u64> {
    let mut own = runners()
        .into_iter()
        .filter_map(|runner| (runner.order)(path, surroundings));
    own.next().unwrap_or_default()
}

/// How one file is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The tool; `None` for a plain script.
    pub runner: Option<&'static str>,
    /// What is done with what psql does.
    pub does: OfPsql,
    sections: Vec<Section>,
}

impl Plan {
    /// As the tool that the file belongs to runs it; as psql does where it belongs to none.
    pub fn of(migration: &Migration<'_>) -> Self {
        let recognised = runners()
            .into_iter()
            .filter_map(|runner| Some(((runner.recognises)(migration)?, runner)));
        // The first of those with the best sign.
        let best = recognised.reduce(|best, next| if next.0 > best.0 { next } else { best });
        match best {
            Some((_, runner)) => Self {
                runner: Some(runner.name),
                does: runner.does,
                sections: (runner.sections)(migration),
            },
            None => Self::plain(migration.text, Run::Alone),
        }
    }

    /// The whole text in one way, whatever it looks like.
    pub fn plain(text: &str, run: Run) -> Self {
        Self {
            runner: None,
            does: OfPsql::All,
            sections: vec![Section {
                bytes: 0..text.len(),
                run,
            }],
        }
    }

    /// How each of these statements, given by their bytes in the order of the text, is sent.
    pub fn sent(&self, statements: &[Range<usize>]) -> Vec<Sent> {
        let section = |statement: &Range<usize>| {
            let behind = self
                .sections
                .partition_point(|section| section.bytes.start <= statement.start);
            let index = behind.checked_sub(1)?;
            (statement.start < self.sections[index].bytes.end).then_some(index)
        };
        let sections: Vec<Option<usize>> = statements.iter().map(section).collect();
        let mut counts = vec![0_usize; self.sections.len()];
        for index in sections.iter().flatten() {
            counts[*index] += 1;
        }
        let sent = |index: Option<usize>| {
            let Some(index) = index else { return Sent::Not };
            let together = match self.sections[index].run {
                Run::Alone => false,
                Run::Transaction => true,
                Run::Message => counts[index] > 1,
            };
            match (together, u32::try_from(index + 1)) {
                (true, Ok(number)) => Sent::Together(number),
                _ => Sent::Alone,
            }
        };
        sections.into_iter().map(sent).collect()
    }

    /// The parts of the text that are run, by their bytes, in their order.
    pub fn parts(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.sections.iter().map(|section| section.bytes.clone())
    }

    /// Whether what stands at that byte is run, or at least looked at, by the tool.
    pub fn runs_at(&self, byte: usize) -> bool {
        self.sections.iter().any(|section| section.bytes.contains(&byte))
    }

    /// As [`sent`](Self::sent), for the statements that the text holds.
    pub fn sent_of(&self, text: &str) -> Vec<Sent> {
        let spans: Vec<_> = split_lossy(text).0.iter().map(|piece| piece.span()).collect();
        self.sent(&spans)
    }
}

/// The whole file in one way.
fn whole(migration: &Migration<'_>, run: Run) -> Vec<Section> {
    vec![Section {
        bytes: 0..migration.text.len(),
        run,
    }]
}

/// The file's name; empty without one.
fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

/// The name of the directory that a file is in.
fn directory(path: &Path) -> &str {
    path.parent().map(name).unwrap_or_default()
}
