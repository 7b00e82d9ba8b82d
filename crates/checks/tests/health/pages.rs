//! Every example on the pages of the checks: each in a database of its own.

use std::collections::BTreeSet;

use howdah_checks::{
    Check, CheckResult, Settings, Status, check_named, evidence, evidence_checks, health, health_checks,
    upgrade, upgrade_checks,
};
use howdah_testkit::{majors, server};

use super::{eventually, result};

/// Checks that take more than one session, other settings or another server to provoke: the tests
/// beside this one do.
const PROVOKED_ELSEWHERE: &[&str] = &[
    "aurora-global-lag",
    "aurora-replica-lag",
    "archiver",
    "blocked-sessions",
    "checksum-failures",
    "deadlocks",
    "durability-settings",
    "idle-in-transaction",
    "long-queries",
    "long-transactions",
    "pending-restart",
    "pg-stat-statements",
    "prepared-transactions",
    "replication-lag",
    "replication-slots",
    "superuser-sessions",
    "unencrypted-connections",
    "vacuum-horizon",
    "vacuum-settings",
    "active-sessions",
    "pool-state",
    "schema-changes-waiting",
    "top-statements",
    "unsteady-statements",
    "vacuum-workers",
    "catalog-objects",
    "closed-databases",
    "encoding-conversions",
    "logical-slots",
    "not-null-inheritance",
    "open-prepared-transactions",
    "polymorphic-functions",
    "postfix-operators",
    "removed-extensions",
];

struct Example {
    check: &'static Check,
    sql: String,
    settings: Settings,
    /// What must come of it; `None` is anything that is wrong.
    expected: Option<Status>,
    /// Whether its last statement is meant to fail.
    fails: bool,
    /// The first major version that knows its statements.
    since: u16,
}

fn pages() -> Vec<(&'static str, &'static str)> {
    let upgrade = upgrade::pages();
    health::pages()
        .iter()
        .chain(evidence::pages())
        .chain(upgrade)
        .copied()
        .collect()
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for (code, page) in pages() {
        let check = check_named(code).unwrap_or_else(|| panic!("{code} has a page and no check"));
        for block in page.split("\n```sql ").skip(1) {
            let (info, rest) = block.split_once('\n').unwrap();
            let mut words = info.split_whitespace();
            let mut example = Example {
                check,
                sql: rest.split("\n```").next().unwrap().to_owned(),
                settings: Settings::default(),
                expected: match words.next().unwrap() {
                    "found" => None,
                    "fine" => Some(Status::Ok),
                    "skipped" => Some(Status::Skipped),
                    other => panic!("{code}: {other:?}"),
                },
                fails: false,
                since: 0,
            };
            for word in words {
                match word.split_once('=') {
                    Some(("since", major)) => example.since = major.parse().unwrap(),
                    Some((name, value)) => example.settings.set(code, name, value.parse().unwrap()),
                    None if word == "fails" => example.fails = true,
                    None if word == "critical" => example.expected = Some(Status::Critical),
                    None => panic!("{code}: {word:?}"),
                }
            }
            example.settings.known().unwrap();
            examples.push(example);
        }
    }
    examples
}

#[test]
fn every_check_has_a_page_and_every_page_a_check() {
    let checks: Vec<&Check> = [health_checks(), evidence_checks(), upgrade_checks()].concat();
    let codes: BTreeSet<&str> = checks.iter().map(|check| check.code).collect();
    assert_eq!(codes.len(), checks.len(), "codes are unique");
    let of_pages: BTreeSet<&str> = pages().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, of_pages, "the code of a check is the name of its file");
    let examples = examples();
    for code in codes {
        let some = |is_fine: bool| {
            let is_fine = |example: &&Example| (example.expected == Some(Status::Ok)) == is_fine;
            examples
                .iter()
                .filter(|example| example.check.code == code)
                .any(|e| is_fine(&e))
        };
        let elsewhere = PROVOKED_ELSEWHERE.contains(&code);
        assert!(
            elsewhere || (some(false) && some(true)),
            "{code} lacks an example"
        );
    }
}

#[tokio::test]
async fn every_example_is_judged_as_its_page_says() {
    let only = std::env::var("HOWDAH_CHECKS_ONLY").unwrap_or_default();
    for major in majors() {
        let server = server(major).await;
        let mut wrong = Vec::new();
        let mut fixed = 0;
        for example in examples() {
            let code = example.check.code;
            if example.since > major {
                continue;
            }
            if !only.is_empty() && !only.split(',').any(|only| only == code) {
                continue;
            }
            let database = server.database("page").await;
            let probe = database.probe().await;
            let (pieces, errors) = howdah_sql::split_lossy(&example.sql);
            assert!(errors.is_empty(), "{code}: {errors:?}");
            for (index, piece) in pieces.iter().enumerate() {
                let must_fail = example.fails && index + 1 == pieces.len();
                let done = probe.batch_execute(piece.text).await;
                assert!(
                    done.is_err() == must_fail,
                    "{major}: {code}: {}: {done:?}",
                    piece.text
                );
                // What was counted before a VACUUM or ANALYZE must not be sent after it.
                if major >= 15 {
                    probe
                        .batch_execute("SELECT pg_stat_force_next_flush()")
                        .await
                        .unwrap();
                }
            }
            // What the session has counted is sent when it ends.
            drop(probe);
            let is_expected = |status: Status| match example.expected {
                Some(expected) => status == expected,
                None => status >= Status::Warn,
            };
            let result = match example.expected {
                Some(Status::Ok) => result(&database.url(), example.check, &example.settings).await,
                _ => {
                    let expected = |result: &CheckResult| is_expected(result.status);
                    eventually(&database.url(), example.check, &example.settings, expected).await
                }
            };
            if !is_expected(result.status) {
                wrong.push(format!(
                    "{major}: {code}: {:?} expected of\n{}\n{result:#?}",
                    example.expected, example.sql
                ));
            }
            // A fix must mend what was found, where the thresholds are those of everyday.
            let fixes = fixes(&result);
            if example.settings == Settings::default() && !example.fails && !fixes.is_empty() {
                let probe = database.probe().await;
                for sql in &fixes {
                    for piece in howdah_sql::split(sql).unwrap() {
                        let done = probe.batch_execute(piece.text).await;
                        assert!(done.is_ok(), "{major}: {code}: {sql}: {done:?}");
                    }
                }
                drop(probe);
                fixed += 1;
                let is_ok = |result: &CheckResult| result.status == Status::Ok;
                let after = eventually(&database.url(), example.check, &example.settings, is_ok).await;
                if !is_ok(&after) {
                    wrong.push(format!(
                        "{major}: {code}: still there after {fixes:?}: {after:#?}"
                    ));
                }
            }
            let bare = result.guide.is_empty() || result.title.is_empty() || result.message.is_empty();
            assert!(!bare, "{result:#?}");
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
        assert!(fixed >= 15 || !only.is_empty(), "{fixed}");
    }
}

/// The SQL that mends what was found in a database; what changes the whole server is not for a shared one.
fn fixes(result: &CheckResult) -> Vec<String> {
    let fixes = result
        .problems
        .iter()
        .filter_map(|problem| Some(problem.fix.as_ref()?.sql.clone()));
    fixes
        .filter(|sql| {
            !sql.contains("ALTER SYSTEM") && !sql.contains("ALTER ROLE") && !sql.contains("CREATE EXTENSION")
        })
        .collect()
}
