//! What the servers of a cluster wrote into their logs when they started, stopped, crashed or ran out of room.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use howdah_core::Result;
use howdah_localpg::Instance;
use howdah_store::samples::Window;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::layout::{ClusterDirectory, file};
use crate::events::{Event, EventKind};

/// As much of a log is read, from its end.
const TAIL: u64 = 16 << 20;

/// What a line has to have in it to tell of an event, and of what sort that is.
const TELLING: [(&str, EventKind); 11] = [
    ("was terminated by signal", EventKind::Failure),
    ("PANIC:  ", EventKind::Failure),
    ("database system was not properly shut down", EventKind::Failure),
    ("No space left on device", EventKind::LowStorage),
    ("received promote request", EventKind::Failover),
    ("database system is shut down", EventKind::Restart),
    (
        "all server processes terminated; reinitializing",
        EventKind::Restart,
    ),
    ("archive recovery complete", EventKind::Recovery),
    (
        "database system is ready to accept connections",
        EventKind::Notice,
    ),
    (
        "database system is ready to accept read-only connections",
        EventKind::Notice,
    ),
    (
        "database system is ready to accept read only connections",
        EventKind::Notice,
    ),
];

/// Of every server of the cluster.
pub(super) fn of(cluster: &ClusterDirectory, window: Window) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for directory in cluster.instance_dirs() {
        let Ok(instance) = Instance::open(&directory) else {
            continue;
        };
        let name = directory.file_name().unwrap_or_default().to_string_lossy();
        for log in instance.logs() {
            events.extend(of_log(&log, &name)?);
        }
    }
    events.retain(|event| (window.from_s..window.to_s).contains(&event.at_s));
    Ok(events)
}

fn of_log(log: &Path, source: &str) -> Result<Vec<Event>> {
    let unreadable = |error| file("read", log, error);
    let mut opened = File::open(log).map_err(unreadable)?;
    let length = opened.metadata().map_err(unreadable)?.len();
    opened
        .seek(SeekFrom::Start(length.saturating_sub(TAIL)))
        .map_err(unreadable)?;
    of_lines(BufReader::new(opened.take(TAIL)), source).map_err(unreadable)
}

fn of_lines(mut lines: impl BufRead, source: &str) -> std::io::Result<Vec<Event>> {
    let (mut events, mut line) = (Vec::new(), Vec::new());
    // Between a start and the word that clients may come: who gives up there (its port was taken, and another is
    // tried) was down before.
    let mut is_starting = false;
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(events);
        }
        // What a client sent may be of any encoding.
        let text = String::from_utf8_lossy(&line);
        is_starting |= text.contains("] LOG:  starting PostgreSQL ");
        let Some(event) = of_line(&text, source) else {
            continue;
        };
        if event.kind == EventKind::Restart && is_starting {
            continue;
        }
        is_starting &= event.kind != EventKind::Notice;
        events.push(event);
    }
}

/// A line of the server's own: those of clients' sessions have their user behind the process.
fn of_line(line: &str, source: &str) -> Option<Event> {
    let (_, kind) = TELLING.iter().find(|(words, _)| line.contains(words))?;
    let (moment, rest) = line.split_once(" UTC [")?;
    let (_, rest) = rest.split_once("] ")?;
    let (before, said) = rest.split_once(":  ")?;
    let own = before.bytes().all(|byte| byte.is_ascii_uppercase());
    // A client's session is told of where the disk is full; its statement is nobody else's.
    if !own && *kind != EventKind::LowStorage {
        return None;
    }
    let (date, time) = moment.split_once(' ')?;
    let moment = OffsetDateTime::parse(&format!("{date}T{time}Z"), &Rfc3339).ok()?;
    Some(Event {
        at_s: moment.unix_timestamp(),
        source: source.to_owned(),
        kind: *kind,
        message: said.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_start_that_was_given_up_is_no_restart() {
        let log = "\
2026-05-01 09:30:00.100 UTC [42] LOG:  starting PostgreSQL 15.18 on x86_64
2026-05-01 09:30:00.200 UTC [42] LOG:  database system is shut down
2026-05-01 09:30:01.100 UTC [43] LOG:  starting PostgreSQL 15.18 on x86_64
2026-05-01 09:30:01.250 UTC [43] LOG:  database system is ready to accept connections
2026-05-01 09:40:00.250 UTC [43] LOG:  database system is shut down
";
        let events = of_lines(log.as_bytes(), "writer").unwrap();
        let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::Notice, EventKind::Restart]);
        assert_eq!(events[1].at_s, 1_777_628_400);
    }

    #[test]
    fn lines_of_the_server_itself_are_told_from_those_of_clients() {
        let line = "2026-05-01 09:30:00.250 UTC [42] LOG:  server process (PID 77) was terminated by signal 9: Killed";
        let event = of_line(line, "writer").unwrap();
        assert_eq!(event.at_s, 1_777_627_800);
        assert_eq!(event.kind, EventKind::Failure);
        assert_eq!(
            event.message,
            "server process (PID 77) was terminated by signal 9: Killed"
        );
        for other in [
            "2026-05-01 09:30:00.250 UTC [42] app@shop LOG:  statement: SELECT 'database system is shut down'",
            "2026-05-01 09:30:00.250 UTC [42] LOG:  checkpoint starting: time",
            "\tdatabase system is shut down",
            "",
        ] {
            assert_eq!(of_line(other, "writer"), None, "{other}");
        }
        let full = "2026-05-01 09:30:00.250 UTC [42] app@shop ERROR:  could not extend file \"base/5/1\": No space left on device";
        assert_eq!(of_line(full, "writer").unwrap().kind, EventKind::LowStorage);
    }
}
