//! What a server's log tells afterwards: its slow statements, and what else is worth naming in it.

mod noted;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use howdah_sql::log::{Entry, Execution, Source, entries};
use schemars::JsonSchema;
use serde::Serialize;

use noted::Notes;
pub use noted::{NoteKind, Noted};

/// Different texts that are parsed for their fingerprint, those that took longest first; others are told apart by their
/// text without its constants.
const PARSED_MAX: usize = 20_000;
/// Characters of a statement that are kept.
const TEXT_CHARS: usize = 2_000;
/// Roles and databases that are named of a statement.
const NAMES_MAX: usize = 10;
/// Hours that are told, the last ones.
const HOURS_MAX: usize = 48;

/// What is asked of a log.
#[derive(Debug, Clone, Default)]
pub struct SlowLogOptions {
    /// What was noted from this moment on, written as the log writes its moments, or the beginning of it.
    pub since: Option<String>,
    /// Statements of this database alone.
    pub database: Option<String>,
    /// At most so many statements.
    pub limit: usize,
}

/// A log, summed up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct SlowLog {
    /// The first moment in it, in the log's own time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Entries that were read.
    pub entries: usize,
    /// Executions whose duration it tells.
    pub calls: u64,
    /// Milliseconds of all of them.
    pub total_ms: f64,
    /// Statements that differ in more than their constants.
    pub different: usize,
    /// Those that took most of the time.
    pub statements: Vec<SlowStatement>,
    /// When: each hour that has any.
    pub hours: Vec<SlowHour>,
    /// What else is worth naming, the gravest first.
    pub noted: Vec<Noted>,
    /// What was left out, and what the log does not tell.
    pub notes: Vec<String>,
}

/// A statement and all its slow executions.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SlowStatement {
    /// The same for statements that differ in their constants alone; of a text that does not parse there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The statement without its constants.
    pub statement: String,
    /// Executions that were logged.
    pub calls: u64,
    /// Milliseconds of all of them.
    pub total_ms: f64,
    /// Of one.
    pub mean_ms: f64,
    /// 95 of 100 took at most so long.
    pub p95_ms: f64,
    /// The slowest.
    pub max_ms: f64,
    /// Part of the time of all that was logged.
    pub share_percent: f64,
    /// When it was logged first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// And last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// The roles that ran it.
    pub users: Vec<String>,
    /// The databases that it ran in.
    pub databases: Vec<String>,
    /// The slowest execution, with its constants where it reads or writes rows.
    pub example: String,
    /// The parameters of that execution, as far as they are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Option<String>>,
    /// The line of the log that it is on, counted from 1.
    pub line: usize,
}

/// An hour.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SlowHour {
    /// `2026-01-31 10`.
    pub hour: String,
    /// Executions.
    pub calls: u64,
    /// Milliseconds of all of them.
    pub total_ms: f64,
}

/// Sums up a log in any of the forms that a server writes.
pub fn summarise(text: &str, options: &SlowLogOptions) -> SlowLog {
    let mut log = SlowLog::default();
    let mut texts: HashMap<String, [Executions; 2]> = HashMap::new();
    let mut notes = Notes::default();
    let (mut elsewhere, mut untimed) = (0_u64, 0_u64);
    for entry in entries(text) {
        let is_before = |since: &String| entry.at.as_ref().is_none_or(|at| at < since);
        if options.since.as_ref().is_some_and(is_before) {
            continue;
        }
        log.entries += 1;
        // Logs of several servers may follow one another.
        span(&mut log.from, &mut log.to, entry.at.as_deref());
        if options.database.is_some() && entry.database.is_some() && entry.database != options.database {
            elsewhere += 1;
            continue;
        }
        match Execution::of(&entry) {
            Some(Execution { ms: None, .. }) => untimed += 1,
            Some(Execution {
                text,
                values,
                ms: Some(ms),
                source,
            }) => {
                texts.entry(text).or_default()[source as usize].add(&entry, values, ms);
            }
            None => notes.take(&entry),
        }
    }
    if elsewhere > 0 {
        log.notes
            .push(format!("{elsewhere} entries are of other databases."));
    }
    let mut texts: Vec<(String, [Executions; 2])> = texts.into_iter().collect();
    texts.sort_by(|(_, a), (_, b)| total(b).total_cmp(&total(a)));
    if texts.len() > PARSED_MAX {
        log.notes.push(format!(
            "Of {} different texts the {PARSED_MAX} that took longest were told apart by their fingerprints, the others by their texts.",
            texts.len()
        ));
    }
    let statements = by_statement(texts);
    log.different = statements.len();
    log.calls = statements
        .iter()
        .map(|one| one.executions.times.len() as u64)
        .sum();
    // The sum of none is -0.0, which is printed as such.
    log.total_ms = 0.0
        + statements
            .iter()
            .map(|one| one.executions.total_ms())
            .sum::<f64>();
    log.hours = hours(&statements);
    let shown = statements.into_iter().take(options.limit);
    log.statements = shown.map(|one| one.told(log.total_ms)).collect();
    log.noted = notes.told();
    if untimed > 0 {
        log.notes.push(format!(
            "{untimed} statements are told without their duration, and left out."
        ));
    }
    if log.calls == 0 {
        log.notes.push(
            "The log tells of no slow statement: either none was slow, or they are not logged; `howdah log on` turns that on."
                .to_owned(),
        );
    }
    log
}

/// Widens a span of time to a moment.
fn span(first: &mut Option<String>, last: &mut Option<String>, at: Option<&str>) {
    let Some(at) = at else { return };
    if first.as_deref().is_none_or(|first| at < first) {
        *first = Some(at.to_owned());
    }
    if last.as_deref().is_none_or(|last| at > last) {
        *last = Some(at.to_owned());
    }
}

/// The executions of a text, or of a statement.
#[derive(Debug, Default)]
struct Executions {
    times: Vec<f64>,
    hours: BTreeMap<String, (u64, f64)>,
    first: Option<String>,
    last: Option<String>,
    users: BTreeSet<String>,
    databases: BTreeSet<String>,
    slowest_ms: f64,
    values: Vec<Option<String>>,
    text: String,
    line: usize,
}

impl Executions {
    fn add(&mut self, entry: &Entry, values: Vec<Option<String>>, ms: f64) {
        if self.times.is_empty() || ms > self.slowest_ms {
            (self.slowest_ms, self.values, self.line) = (ms, values, entry.line);
        }
        self.times.push(ms);
        if let Some(at) = &entry.at {
            let hour = self.hours.entry(at.chars().take(13).collect()).or_default();
            hour.0 += 1;
            hour.1 += ms;
            span(&mut self.first, &mut self.last, Some(at));
        }
        self.users.extend(entry.user.clone());
        self.databases.extend(entry.database.clone());
    }

    fn total_ms(&self) -> f64 {
        self.times.iter().sum()
    }

    /// Takes those of another text of the same statement.
    fn join(&mut self, other: Self) {
        if self.times.is_empty() || other.slowest_ms > self.slowest_ms {
            (self.slowest_ms, self.values, self.line) = (other.slowest_ms, other.values, other.line);
            self.text = other.text;
        }
        self.times.extend(other.times);
        for (hour, (calls, ms)) in other.hours {
            let known = self.hours.entry(hour).or_default();
            known.0 += calls;
            known.1 += ms;
        }
        span(&mut self.first, &mut self.last, other.first.as_deref());
        span(&mut self.first, &mut self.last, other.last.as_deref());
        self.users.extend(other.users);
        self.databases.extend(other.databases);
    }
}

fn total(executions: &[Executions; 2]) -> f64 {
    executions[0].total_ms().max(executions[1].total_ms())
}

/// A statement whose executions are known.
struct Known {
    fingerprint: Option<String>,
    masked: String,
    executions: Executions,
}

/// The statements, those that took longest first.
fn by_statement(texts: Vec<(String, [Executions; 2])>) -> Vec<Known> {
    let mut known: HashMap<String, (Known, [Executions; 2])> = HashMap::new();
    for (place, (text, [mut statements, mut plans])) in texts.into_iter().enumerate() {
        let fingerprint = match place < PARSED_MAX {
            true => howdah_sql::fingerprint(&text).ok(),
            false => None,
        };
        let masked = howdah_sql::normalize(&text);
        let key = fingerprint.clone().unwrap_or_else(|| masked.clone());
        (statements.text, plans.text) = (text.clone(), text);
        let one = known.entry(key).or_insert_with(|| {
            let executions = Executions::default();
            let one = Known {
                fingerprint,
                masked,
                executions,
            };
            (one, <[Executions; 2]>::default())
        });
        one.1[Source::Statement as usize].join(statements);
        one.1[Source::Plan as usize].join(plans);
    }
    let mut all: Vec<Known> = known
        .into_values()
        .map(|(mut one, [statements, plans])| {
            // Both may tell of the same executions.
            one.executions = match plans.times.len() > statements.times.len() {
                true => plans,
                false => statements,
            };
            one
        })
        .collect();
    all.sort_by(|a, b| {
        let total = |one: &Known| one.executions.total_ms();
        total(b)
            .total_cmp(&total(a))
            .then_with(|| a.masked.cmp(&b.masked))
    });
    all
}

impl Known {
    fn told(mut self, all_ms: f64) -> SlowStatement {
        let executions = &mut self.executions;
        executions.times.sort_by(f64::total_cmp);
        let (calls, total_ms) = (executions.times.len(), executions.total_ms());
        // The nearest rank.
        let rank = (calls * 95).div_ceil(100).max(1) - 1;
        let names = |names: &BTreeSet<String>| names.iter().take(NAMES_MAX).cloned().collect();
        SlowStatement {
            calls: calls as u64,
            total_ms: rounded(total_ms),
            mean_ms: rounded(total_ms / calls.max(1) as f64),
            p95_ms: executions.times.get(rank).copied().unwrap_or_default(),
            max_ms: executions.slowest_ms,
            share_percent: (1_000.0 * total_ms / all_ms.max(f64::MIN_POSITIVE)).round() / 10.0,
            first: executions.first.take(),
            last: executions.last.take(),
            users: names(&executions.users),
            databases: names(&executions.databases),
            example: match is_about_rows(&executions.text) {
                true => shortened(&executions.text),
                // A password may be in it.
                false => shortened(&self.masked),
            },
            parameters: std::mem::take(&mut executions.values),
            line: executions.line,
            statement: shortened(&self.masked),
            fingerprint: self.fingerprint,
        }
    }
}

/// Whether it begins as what reads or writes rows does.
fn is_about_rows(text: &str) -> bool {
    let word: String = text
        .trim_start_matches(|c: char| c.is_whitespace() || c == '(')
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    let words = [
        "select", "with", "insert", "update", "delete", "merge", "values", "table",
    ];
    words.contains(&word.to_ascii_lowercase().as_str())
}

fn hours(statements: &[Known]) -> Vec<SlowHour> {
    let mut hours: BTreeMap<&str, (u64, f64)> = BTreeMap::new();
    for (hour, (calls, ms)) in statements.iter().flat_map(|one| &one.executions.hours) {
        let known = hours.entry(hour).or_default();
        known.0 += calls;
        known.1 += ms;
    }
    let skipped = hours.len().saturating_sub(HOURS_MAX);
    let told = hours
        .into_iter()
        .skip(skipped)
        .map(|(hour, (calls, ms))| SlowHour {
            hour: hour.to_owned(),
            calls,
            total_ms: rounded(ms),
        });
    told.collect()
}

/// Milliseconds to the microsecond, as the server tells them.
fn rounded(ms: f64) -> f64 {
    (ms * 1_000.0).round() / 1_000.0
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
