//! Entries of a server's log: as it writes them to standard error (with any prefix, that of RDS included), as CSV
//! and as JSON; and the executions of statements that they tell of.

mod execution;

use serde_json::Value;

pub use execution::{Execution, Source, values};

/// What the server noted at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// `LOG`, `ERROR`, …
    pub severity: String,
    /// What happened. May have several lines.
    pub message: String,
    /// What was added to it, such as the parameters of a statement.
    pub detail: Option<String>,
    /// The database, where the log tells.
    pub database: Option<String>,
    /// The role, where the log tells.
    pub user: Option<String>,
    /// When, as the log has it: `2026-01-31 10:00:00.123 UTC`, where it tells.
    pub at: Option<String>,
    /// The statement that was being executed, where the log tells it beside the message.
    pub statement: Option<String>,
    /// The line that it begins on, counted from 1.
    pub line: usize,
}

/// The words that begin an entry.
const SEVERITIES: &[&str] = &["LOG", "INFO", "NOTICE", "WARNING", "ERROR", "FATAL", "PANIC"];
/// The words that begin what belongs to the entry before.
const ADDITIONS: &[&str] = &["DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION"];

/// The entries of a log, in order. What is no entry is left out.
pub fn entries(text: &str) -> Vec<Entry> {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    if first.starts_with('{') && serde_json::from_str::<Value>(first).is_ok() {
        return json(text);
    }
    if heading(first).is_none() || first.matches(',').count() >= CSV_FIELDS {
        let found = csv(text);
        if !found.is_empty() {
            return found;
        }
    }
    plain(text)
}

fn json(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let Ok(value) = serde_json::from_str::<Value>(text) else {
            continue;
        };
        let field = |name: &str| value[name].as_str().map(str::to_owned);
        let Some(message) = field("message") else { continue };
        found.push(Entry {
            severity: field("error_severity").unwrap_or_default(),
            message,
            detail: field("detail"),
            database: field("dbname"),
            user: field("user"),
            at: field("timestamp"),
            statement: field("statement"),
            line,
        });
    }
    found
}

/// Fields of a record before version 13 added more.
const CSV_FIELDS: usize = 22;

fn csv(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while !rest.is_empty() {
        let begins = line;
        let (fields, after) = record(rest);
        line += rest[..rest.len() - after.len()].matches('\n').count();
        rest = after;
        let field = |at: usize| fields.get(at).filter(|field| !field.is_empty()).cloned();
        let severity = field(11).unwrap_or_default();
        if fields.len() > CSV_FIELDS && SEVERITIES.contains(&severity.as_str()) {
            found.push(Entry {
                severity,
                message: field(13).unwrap_or_default(),
                detail: field(14),
                database: field(2),
                user: field(1),
                at: field(0),
                statement: field(19),
                line: begins,
            });
        }
    }
    found
}

/// The fields of the first record, and what follows it.
fn record(text: &str) -> (Vec<String>, &str) {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut letters = text.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        match c {
            '"' if quoted && letters.next_if(|(_, next)| *next == '"').is_some() => field.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                fields.push(field);
                return (fields, &text[at + 1..]);
            }
            '\r' if !quoted => {}
            c => field.push(c),
        }
    }
    fields.push(field);
    (fields, "")
}

fn plain(text: &str) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    // Where further lines belong: to the message, to what belongs to it, or to nothing that is of interest.
    let mut part = Part::Other;
    for (line, text) in (1..).zip(text.lines()) {
        match heading(text) {
            Some((prefix, word, rest)) if SEVERITIES.contains(&word) => {
                found.push(Entry {
                    severity: word.to_owned(),
                    message: rest.to_owned(),
                    detail: None,
                    database: database(prefix),
                    user: user(prefix),
                    at: moment(prefix),
                    statement: None,
                    line,
                });
                part = Part::Message;
            }
            Some((_, "DETAIL", rest)) => {
                if let Some(entry) = found.last_mut() {
                    entry.detail = Some(rest.to_owned());
                }
                part = Part::Detail;
            }
            Some((_, "STATEMENT", rest)) => {
                if let Some(entry) = found.last_mut() {
                    entry.statement = Some(rest.to_owned());
                }
                part = Part::Statement;
            }
            Some(_) => part = Part::Other,
            None => {
                let Some(entry) = found.last_mut() else { continue };
                // The server indents the further lines of an entry by a tabulator.
                let text = text.strip_prefix('\t').unwrap_or(text);
                let into = match part {
                    Part::Message => &mut entry.message,
                    Part::Detail => entry.detail.get_or_insert_default(),
                    Part::Statement => entry.statement.get_or_insert_default(),
                    Part::Other => continue,
                };
                into.push('\n');
                into.push_str(text);
            }
        }
    }
    found
}

enum Part {
    Message,
    Detail,
    Statement,
    Other,
}

/// `2026-01-31 10:00:00 UTC [77] app@shop LOG:  duration: …`, split at the word.
fn heading(line: &str) -> Option<(&str, &str, &str)> {
    if line.starts_with('\t') {
        return None;
    }
    let (at, word) = SEVERITIES
        .iter()
        .chain(ADDITIONS)
        .filter_map(|word| {
            let at = line.match_indices(word).map(|(at, _)| at).find(|at| {
                let is_apart = !line[..*at].ends_with(|before: char| before.is_ascii_alphanumeric());
                is_apart && line[at + word.len()..].starts_with(":  ")
            })?;
            Some((at, *word))
        })
        .min_by_key(|(at, _)| *at)?;
    Some((&line[..at], word, &line[at + word.len() + 3..]))
}

/// The database in a prefix with `user@database`, as RDS has it and many others.
fn database(prefix: &str) -> Option<String> {
    let (_, after) = prefix.split_once('@')?;
    let end = after
        .find(|c: char| !(c.is_alphanumeric() || "_-$".contains(c)))
        .unwrap_or(after.len());
    let name = &after[..end];
    (!name.is_empty() && name != "unknown").then(|| name.to_owned())
}

/// The role before the database, likewise.
fn user(prefix: &str) -> Option<String> {
    let (before, _) = prefix.split_once('@')?;
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || "_-$.".contains(*c))
        .last()
        .map_or(before.len(), |(at, _)| at);
    let name = &before[start..];
    (!name.is_empty() && name != "unknown").then(|| name.to_owned())
}

/// The first `2026-01-31 10:00:00`, with its fractions and its zone where they are there.
fn moment(prefix: &str) -> Option<String> {
    const SHAPE: &[u8] = b"0000-00-00 00:00:00";
    let bytes = prefix.as_bytes();
    let start = bytes.windows(SHAPE.len()).position(|window| {
        let fits = |(byte, shape): (&u8, &u8)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        };
        window.iter().zip(SHAPE).all(fits)
    })?;
    let rest = &prefix[start + SHAPE.len()..];
    let fraction = match rest.strip_prefix('.') {
        Some(digits) => 1 + digits.bytes().take_while(u8::is_ascii_digit).count(),
        None => 0,
    };
    let zone = match rest[fraction..].strip_prefix(' ') {
        Some(after) => {
            let letters = after
                .bytes()
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-".contains(byte))
                .count();
            // A number is the process, or whatever else the prefix has next.
            let is_zone = letters > 0 && !after.as_bytes()[0].is_ascii_digit();
            if is_zone { 1 + letters } else { 0 }
        }
        None => 0,
    };
    Some(prefix[start..start + SHAPE.len() + fraction + zone].to_owned())
}

/// The milliseconds of `duration: 12.3 ms  plan: …`, what follows them, and its text.
pub fn duration(message: &str) -> Option<(f64, &str, &str)> {
    let rest = message.strip_prefix("duration: ")?;
    let (ms, rest) = rest.split_once(" ms")?;
    let rest = rest.trim_start();
    let (what, text) = rest.split_once(':')?;
    Some((
        ms.parse().ok()?,
        what,
        text.strip_prefix([' ', '\n']).unwrap_or(text),
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn messages(text: &str) -> Vec<(String, Option<String>, Option<String>, usize)> {
        let found = entries(text).into_iter();
        found
            .map(|entry| (entry.message, entry.detail, entry.database, entry.line))
            .collect()
    }

    #[test]
    fn entries_of_standard_error() {
        let text = "2026-01-31 10:00:00.123 UTC [77] app@shop LOG:  duration: 12.5 ms  statement: SELECT 1\n\tFROM t\n\
                    2026-01-31 10:00:01 UTC [77] app@shop ERROR:  no LOG:  here\n\
                    2026-01-31 10:00:01 UTC [77] app@shop STATEMENT:  SELECT 2\n\
                    2026-01-31 10:00:02 UTC:10.0.0.1(5432):app@shop:[79]:LOG:  duration: 3.0 ms  execute <unnamed>: SELECT $1\n\
                    2026-01-31 10:00:02 UTC:10.0.0.1(5432):app@shop:[79]:DETAIL:  parameters: $1 = 'a\n\tb'\n";
        let shop = Some("shop".to_owned());
        assert_eq!(
            messages(text),
            [
                (
                    "duration: 12.5 ms  statement: SELECT 1\nFROM t".to_owned(),
                    None,
                    shop.clone(),
                    1
                ),
                ("no LOG:  here".to_owned(), None, shop.clone(), 3),
                (
                    "duration: 3.0 ms  execute <unnamed>: SELECT $1".to_owned(),
                    Some("parameters: $1 = 'a\nb'".to_owned()),
                    shop,
                    5
                ),
            ]
        );
    }

    #[test]
    fn who_and_when() {
        let of = |line: &str| {
            let entry = entries(&format!("{line}LOG:  x\n")).remove(0);
            (entry.at, entry.user, entry.database)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            of("2026-01-31 10:00:00.123 UTC [77] app@shop "),
            (some("2026-01-31 10:00:00.123 UTC"), some("app"), some("shop"))
        );
        assert_eq!(
            of("2026-01-31 10:00:02 UTC:10.0.0.1(5432):the-app@shop:[79]:"),
            (some("2026-01-31 10:00:02 UTC"), some("the-app"), some("shop"))
        );
        assert_eq!(
            of("[9] 2026-01-31 10:00:02 77 "),
            (some("2026-01-31 10:00:02"), None, None)
        );
        assert_eq!(of("[unknown]@[unknown] é "), (None, None, None));
    }

    #[test]
    fn entries_of_other_formats() {
        let csv = "2026-01-31 10:00:00.1 UTC,\"app\",\"shop\",77,\"[local]\",65b,1,\"SELECT\",2026-01-31 10:00:00 UTC,3/4,0,LOG,00000,\
                   \"duration: 1.5 ms  plan:\nQuery Text: SELECT \"\"a\"\"\nResult  (cost=0.00..0.01 rows=1 width=4)\",,,,,,,,,\"psql\",\"client backend\",,0\n";
        let found = messages(csv);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0.contains("SELECT \"a\"\nResult"), "{found:?}");
        assert_eq!(found[0].2.as_deref(), Some("shop"));
        let json = "{\"timestamp\":\"x\",\"dbname\":\"shop\",\"error_severity\":\"LOG\",\"message\":\"duration: 2 ms  statement: SELECT 1\"}\n";
        assert_eq!(messages(json)[0].0, "duration: 2 ms  statement: SELECT 1");
        assert!(messages("nothing of the kind\n").is_empty());
    }

    #[test]
    fn durations() {
        let (ms, what, text) = duration("duration: 12.5 ms  execute S_1: SELECT 1").unwrap();
        assert_eq!((ms, what, text), (12.5, "execute S_1", "SELECT 1"));
        let (_, what, text) = duration("duration: 12.5 ms  plan:\nQuery Text: x").unwrap();
        assert_eq!((what, text), ("plan", "Query Text: x"));
        assert!(duration("duration: 12.5 ms").is_none());
    }
}
