//! What is worth naming in a log beside its statements.

use std::collections::HashMap;

use howdah_sql::log::Entry;
use schemars::JsonSchema;
use serde::Serialize;

use super::span;

/// Things that are told, at most.
const TOLD_MAX: usize = 50;
/// Things that are told apart; a log that invents its messages fills no memory.
const KEPT_MAX: usize = 10_000;
/// Characters of a message or a statement.
const TEXT_CHARS: usize = 400;

/// What sort of thing it is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// A process of the server died, or the server recovered.
    Crash,
    /// Transaction ids run out.
    Wraparound,
    /// A connection was turned away: too many, or a wrong password.
    Connection,
    /// Sessions waited for one another until one was cancelled.
    Deadlock,
    /// A session waited for a lock for longer than deadlock_timeout.
    LockWait,
    /// A statement was cancelled: a limit of time, a person, a conflict with recovery.
    Cancelled,
    /// Any other error.
    Error,
    /// A sort, hash or other result went to disk.
    TemporaryFile,
    /// Checkpoints come too often.
    Checkpoint,
    /// A run of autovacuum.
    Autovacuum,
}

impl NoteKind {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Wraparound => "wraparound",
            Self::Connection => "connection",
            Self::Deadlock => "deadlock",
            Self::LockWait => "lock wait",
            Self::Cancelled => "cancelled",
            Self::Error => "error",
            Self::TemporaryFile => "temporary file",
            Self::Checkpoint => "checkpoint",
            Self::Autovacuum => "autovacuum",
        }
    }
}

/// Something that the log tells once or several times.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Noted {
    /// What sort of thing it is.
    pub kind: NoteKind,
    /// What happened, without numbers and values.
    pub message: String,
    /// How often.
    pub times: u64,
    /// Milliseconds that were waited or worked, all together, where the log tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<f64>,
    /// Bytes of temporary files, all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// When it happened first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// And last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// The statement during which it happened last, without its constants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Notes {
    known: HashMap<(NoteKind, String), Noted>,
}

impl Notes {
    pub(super) fn take(&mut self, entry: &Entry) {
        let Some(found) = found(entry) else { return };
        let key = (found.kind, found.message.clone());
        if self.known.len() >= KEPT_MAX && !self.known.contains_key(&key) {
            return;
        }
        let noted = self.known.entry(key).or_insert_with(|| Noted {
            kind: found.kind,
            message: found.message,
            times: 0,
            total_ms: None,
            bytes: None,
            first: None,
            last: None,
            statement: None,
        });
        noted.times += u64::from(found.counts);
        if let Some(ms) = found.ms {
            *noted.total_ms.get_or_insert_default() += ms;
        }
        if let Some(bytes) = found.bytes {
            *noted.bytes.get_or_insert_default() += bytes;
        }
        span(&mut noted.first, &mut noted.last, entry.at.as_deref());
        if let Some(statement) = &entry.statement {
            noted.statement = Some(one_line(&howdah_sql::normalize(statement)));
        }
    }

    /// The gravest first, of these what happened most often.
    pub(super) fn told(self) -> Vec<Noted> {
        let mut all: Vec<Noted> = self.known.into_values().collect();
        all.sort_by(|a, b| {
            let key = |one: &Noted| (one.kind, std::cmp::Reverse(one.times));
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        all.truncate(TOLD_MAX);
        all
    }
}

struct Found {
    kind: NoteKind,
    message: String,
    counts: bool,
    ms: Option<f64>,
    bytes: Option<u64>,
}

fn found(entry: &Entry) -> Option<Found> {
    let message = entry.message.as_str();
    let plain = |kind| Found {
        kind,
        message: masked(message),
        counts: true,
        ms: None,
        bytes: None,
    };
    let is_error = ["ERROR", "FATAL", "PANIC"].contains(&entry.severity.as_str());
    if is_error {
        let kind = match message {
            "deadlock detected" => NoteKind::Deadlock,
            _ if message.starts_with("canceling ")
                || message.starts_with("terminating connection due to") =>
            {
                NoteKind::Cancelled
            }
            _ if entry.severity == "FATAL" && is_about_connecting(message) => NoteKind::Connection,
            _ if message.contains("wraparound") => NoteKind::Wraparound,
            _ if entry.severity == "PANIC" => NoteKind::Crash,
            _ => NoteKind::Error,
        };
        return Some(plain(kind));
    }
    if let Some(found) = lock_wait(message) {
        return Some(found);
    }
    if let Some(rest) = message.strip_prefix("temporary file: ") {
        let bytes = rest.rsplit_once("size ").and_then(|(_, size)| size.parse().ok());
        let of = entry
            .statement
            .as_deref()
            .map(|text| one_line(&howdah_sql::normalize(text)));
        return Some(Found {
            // Each of its statements apart: that is what has to be mended.
            message: of.unwrap_or_else(|| "of a statement that the log does not tell".to_owned()),
            bytes,
            ..plain(NoteKind::TemporaryFile)
        });
    }
    if message.starts_with("automatic ") {
        let head = message.split_once(": ").map_or(message, |(head, _)| head);
        let elapsed = message
            .split_once("elapsed: ")
            .and_then(|(_, rest)| rest.split_once(" s"));
        return Some(Found {
            message: one_line(head.lines().next().unwrap_or(head)),
            ms: elapsed
                .and_then(|(seconds, _)| seconds.parse::<f64>().ok())
                .map(|seconds| seconds * 1_000.0),
            ..plain(NoteKind::Autovacuum)
        });
    }
    // "Interrupted; last known up at" is said of every copy that starts for the first time as well; after
    // a crash that is followed by "not properly shut down".
    let is_crash = message.contains("was terminated by signal")
        || message.contains("not properly shut down")
        || message.starts_with("database system was interrupted while");
    match () {
        () if is_crash => Some(plain(NoteKind::Crash)),
        () if message.starts_with("checkpoints are occurring too frequently") => {
            Some(plain(NoteKind::Checkpoint))
        }
        () if message.contains("must be vacuumed within") || message.contains("wraparound") => {
            Some(plain(NoteKind::Wraparound))
        }
        () => None,
    }
}

fn is_about_connecting(message: &str) -> bool {
    let words = [
        "too many",
        "connection slots",
        "authentication failed",
        "pg_hba.conf",
        "does not exist",
        "starting up",
    ];
    words.iter().any(|word| message.contains(word))
}

/// `process 7 still waiting for ShareLock on transaction 8 after 1000.1 ms`, and `… acquired …` when it had it.
fn lock_wait(message: &str) -> Option<Found> {
    let rest = message.strip_prefix("process ")?;
    let (_, rest) = rest.split_once(' ')?;
    let (is_over, rest) = match rest.strip_prefix("still waiting for ") {
        Some(rest) => (false, rest),
        None => (true, rest.strip_prefix("acquired ")?),
    };
    let (lock, after) = rest.rsplit_once(" after ")?;
    let ms: f64 = after.strip_suffix(" ms")?.parse().ok()?;
    Some(Found {
        kind: NoteKind::LockWait,
        message: masked(lock),
        counts: !is_over,
        // Of a wait that goes on the log tells only how long it took so far.
        ms: is_over.then_some(ms),
        bytes: None,
    })
}

/// A message without its numbers and values; names stay.
fn masked(message: &str) -> String {
    let mut masked = String::new();
    let mut letters = message.lines().next().unwrap_or_default().chars().peekable();
    while let Some(c) = letters.next() {
        let is_value = c == '\'' || (c == '"' && (masked.ends_with(": ") || masked.ends_with("near ")));
        if is_value {
            while letters.next_if(|next| *next != c).is_some() {}
            letters.next();
            masked.push('…');
        } else if c == '"' {
            masked.push(c);
            while let Some(inner) = letters.next_if(|next| *next != '"') {
                masked.push(inner);
            }
        } else if c.is_ascii_digit()
            && !masked.ends_with(|before: char| before.is_alphanumeric() || before == '_')
        {
            while letters
                .next_if(|next| next.is_ascii_digit() || *next == '.')
                .is_some()
            {}
            masked.push('…');
        } else {
            masked.push(c);
        }
    }
    one_line(&masked)
}

fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TEXT_CHARS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
