#![allow(clippy::unwrap_used)]

use super::*;

const PREFIX: &str = "2026-01-31 10:00:02 UTC:10.0.0.1(5432):app@shop:[79]:";

fn options() -> SlowLogOptions {
    SlowLogOptions {
        limit: 10,
        ..SlowLogOptions::default()
    }
}

#[test]
fn executions_of_a_statement_are_summed_up_whatever_their_constants() {
    let mut text: String = (1..=100)
        .map(|ms| format!("{PREFIX}LOG:  duration: {ms}.0 ms  statement: SELECT a FROM t WHERE b = {ms}\n"))
        .collect();
    text.push_str(&format!(
        "{later}LOG:  duration: 50.0 ms  execute s1: UPDATE t SET a = $1\n{later}DETAIL:  parameters: $1 = 'x'\n\
         {later}LOG:  duration: 50.1 ms  plan:\n\tQuery Text: UPDATE t SET a = $1\n\tUpdate on t  (cost=0.00..1.00 rows=1 width=4)\n",
        later = PREFIX.replace("10:00:02", "11:30:00").replace("app@shop", "other@shop"),
    ));
    let log = summarise(&text, &options());
    assert_eq!((log.calls, log.different, log.total_ms), (101, 2, 5_100.0));
    assert_eq!(log.from.as_deref(), Some("2026-01-31 10:00:02 UTC"));
    assert_eq!(log.to.as_deref(), Some("2026-01-31 11:30:00 UTC"));
    let first = &log.statements[0];
    assert_eq!(
        (
            first.calls,
            first.mean_ms,
            first.p95_ms,
            first.max_ms,
            first.share_percent
        ),
        (100, 50.5, 95.0, 100.0, 99.0)
    );
    assert_eq!(first.example, "SELECT a FROM t WHERE b = 100");
    assert!(
        !first.statement.contains("100") && first.fingerprint.is_some(),
        "{first:?}"
    );
    assert_eq!(
        (&first.users, &first.databases),
        (&vec!["app".to_owned()], &vec!["shop".to_owned()])
    );
    let second = &log.statements[1];
    assert_eq!(
        (second.calls, second.parameters.clone()),
        (1, vec![Some("x".to_owned())])
    );
    let hours: Vec<(&str, u64)> = log
        .hours
        .iter()
        .map(|hour| (hour.hour.as_str(), hour.calls))
        .collect();
    assert_eq!(hours, [("2026-01-31 10", 100), ("2026-01-31 11", 1)]);

    let late = summarise(
        &text,
        &SlowLogOptions {
            since: Some("2026-01-31 11".into()),
            ..options()
        },
    );
    assert_eq!((late.calls, late.entries), (1, 2));
    let elsewhere = summarise(
        &text,
        &SlowLogOptions {
            database: Some("other".into()),
            ..options()
        },
    );
    assert_eq!(elsewhere.calls, 0);
}

#[test]
fn what_else_is_worth_naming() {
    let lines = [
        "LOG:  process 7 still waiting for ShareLock on transaction 744 after 1000.123 ms",
        "DETAIL:  Process holding the lock: 9. Wait queue: 7.",
        "STATEMENT:  UPDATE t SET a = 1 WHERE b = 'secret'",
        "LOG:  process 7 acquired ShareLock on transaction 744 after 5000.5 ms",
        "ERROR:  deadlock detected",
        "ERROR:  duplicate key value violates unique constraint \"t_key\"",
        "ERROR:  invalid input syntax for type integer: \"abc\"",
        "ERROR:  canceling statement due to statement timeout",
        "FATAL:  sorry, too many clients already",
        "LOG:  temporary file: path \"base/pgsql_tmp/pgsql_tmp9.0\", size 1000",
        "STATEMENT:  SELECT a FROM t ORDER BY 7",
        "LOG:  temporary file: path \"base/pgsql_tmp/pgsql_tmp9.1\", size 500",
        "STATEMENT:  SELECT a FROM t ORDER BY 7",
        "LOG:  automatic vacuum of table \"shop.public.t\": index scans: 1",
        "\tpages: 0 removed\n\tsystem usage: CPU: user: 0.1 s, system: 0.0 s, elapsed: 2.50 s",
        "LOG:  server process (PID 77) was terminated by signal 9: Killed",
        "LOG:  checkpoint starting: time",
    ];
    let text: String = lines
        .iter()
        .map(|line| match line.starts_with('\t') {
            true => format!("{line}\n"),
            false => format!("{PREFIX}{line}\n"),
        })
        .collect();
    let log = summarise(&text, &options());
    let told: Vec<(NoteKind, &str, u64)> = log
        .noted
        .iter()
        .map(|one| (one.kind, one.message.as_str(), one.times))
        .collect();
    assert_eq!(
        told,
        [
            (
                NoteKind::Crash,
                "server process (PID …) was terminated by signal …: Killed",
                1
            ),
            (NoteKind::Connection, "sorry, too many clients already", 1),
            (NoteKind::Deadlock, "deadlock detected", 1),
            (NoteKind::LockWait, "ShareLock on transaction …", 1),
            (
                NoteKind::Cancelled,
                "canceling statement due to statement timeout",
                1
            ),
            (
                NoteKind::Error,
                "duplicate key value violates unique constraint \"t_key\"",
                1
            ),
            (NoteKind::Error, "invalid input syntax for type integer: …", 1),
            (NoteKind::TemporaryFile, "SELECT a FROM t ORDER BY $1", 2),
            (
                NoteKind::Autovacuum,
                "automatic vacuum of table \"shop.public.t\"",
                1
            ),
        ]
    );
    assert_eq!(log.noted[3].total_ms, Some(5_000.5));
    assert_eq!(
        log.noted[3].statement.as_deref(),
        Some("UPDATE t SET a = $1 WHERE b = $2")
    );
    assert_eq!(log.noted[7].bytes, Some(1_500));
    assert_eq!(log.noted[8].total_ms, Some(2_500.0));
}

#[test]
fn a_password_in_a_slow_statement_is_not_told() {
    let text = format!("{PREFIX}LOG:  duration: 9.0 ms  statement: ALTER ROLE app PASSWORD 'hunter2'\n");
    let log = summarise(&text, &options());
    assert_eq!(log.calls, 1);
    assert!(!format!("{log:?}").contains("hunter2"), "{log:?}");
}

#[test]
fn what_is_no_log_is_said_to_tell_nothing() {
    let log = summarise("nothing of the kind\n", &options());
    assert_eq!((log.calls, log.entries), (0, 0));
    assert!(log.notes[0].contains("howdah log on"), "{log:?}");
}
