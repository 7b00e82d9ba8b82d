//! Samples on a server, where several machines watch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use howdah_pg::{ConnInfo, NoEnvironment, Origin, Target};
use howdah_store::samples::{Activity, By, Change, Collected, History, Samples, Seen};
use howdah_store::{Store, StoreError};
use howdah_testkit::{ServerOptions, majors, private, server};
use howdah_watch::history::{Sensitivity, growth, load, regressions, step_of};
use howdah_watch::{Pace, Report, run, samples_of};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::scale::ten_minutes;
use super::{MINUTE, START, counting, until, window};

const DAY: i64 = 24 * 60 * MINUTE;

fn target(name: &str, url: &str) -> Arc<Target> {
    let info = ConnInfo::parse_with(url, &NoEnvironment).unwrap();
    Arc::new(Target::new(name, info, Origin::Config))
}

fn history(url: &str) -> History {
    History::On {
        server: target("history", url),
        schema: "what \"we\" saw".to_owned(),
    }
}

/// One look, at ten sessions.
fn look(at_s: i64) -> Vec<Activity> {
    vec![Activity {
        at_s,
        ticks: 1,
        seen: vec![Seen {
            wait: "CPU".to_owned(),
            query_id: Some(-7),
            role: "app".to_owned(),
            count: 10,
        }],
    }]
}

async fn looks(samples: &Samples) -> i64 {
    load(samples, window(-DAY, DAY), 600, By::Wait)
        .await
        .unwrap()
        .looks
}

/// Every answer to every question, in words.
async fn answers(samples: &Samples, from: i64, to: i64) -> Vec<String> {
    let window = window(from, to);
    let step = step_of(window);
    let mut all = vec![format!("{:?}", samples.reach().await.unwrap())];
    for by in [By::Wait, By::Role, By::Statement] {
        all.push(format!("{:?}", samples.load(window, step, by).await.unwrap()));
    }
    all.push(format!(
        "{:?}",
        samples.waits_of_statements(window).await.unwrap()
    ));
    all.push(format!("{:?}", samples.statements(window).await.unwrap()));
    for only in [None, Some(3)] {
        all.push(format!(
            "{:?}",
            samples.statement_series(window, step, only).await.unwrap()
        ));
    }
    let mut relations = samples.relations(window).await.unwrap();
    relations.sort_by(|a, b| a.relation.cmp(&b.relation));
    all.push(format!("{relations:?}"));
    all.push(format!("{:?}", samples.sizes(window).await.unwrap()));
    all.push(format!(
        "{:?}",
        samples.metrics(window, "metric.1").await.unwrap()
    ));
    all.push(format!("{:?}", samples.changes(window, 10).await.unwrap()));
    all.push(format!("{:?}", samples.texts().await.unwrap()));
    let mut known = samples.known_texts().await.unwrap();
    known.sort_unstable();
    all.push(format!("{known:?}"));
    all.push(format!(
        "{:?}",
        regressions(samples, window, Sensitivity::default())
            .await
            .unwrap()
    ));
    all.push(format!("{:?}", growth(samples, window, Some(1e9)).await.unwrap()));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_answers_as_a_file_does() {
    for major in majors() {
        let database = server(major).await.database("history").await;
        let home = TempDir::new().unwrap();
        let file = Samples::of(&Store::open(home.path().join("store")), "one");
        let shared = history(&database.url());
        // Another database beside it must not show.
        let other = shared.samples("other");
        let other_claim = other.claim().await.unwrap().unwrap();
        ten_minutes(&other, START, 5).await;
        let on_server = shared.samples("one");
        assert!(!on_server.exists().await.unwrap());
        let claim = on_server.claim().await.unwrap().unwrap();
        for samples in [&file, &on_server] {
            // More statements than a summed-up span keeps apart.
            for ten in 0..3 {
                ten_minutes(samples, START + ten * 600, 230).await;
            }
            for (at_s, value) in [(START, "4MB"), (START + 60, "8MB"), (START + 120, "8MB")] {
                let facts = BTreeMap::from([("work_mem".to_owned(), value.to_owned())]);
                let changes = samples.compare(at_s, "setting", facts).await.unwrap();
                assert_eq!(changes.len(), usize::from(at_s == START + 60));
            }
            let pause = Change {
                at_s: START + 300,
                kind: "pause".to_owned(),
                name: "it's 'quoted'".to_owned(),
                before: None,
                after: Some("Größe".to_owned()),
            };
            let collected = Collected {
                at_s: START + 300,
                changes: vec![pause],
                ..Collected::default()
            };
            samples.record(collected).await.unwrap();
            assert!(samples.exists().await.unwrap() && samples.bytes().await.unwrap() > 0);
        }
        assert_eq!(
            answers(&file, 0, 1_800).await,
            answers(&on_server, 0, 1_800).await
        );
        // Summed up once, again, then forgotten.
        for (later, is_left) in [
            (5_400, true),
            (3 * DAY, true),
            (40 * DAY, true),
            (500 * DAY, false),
        ] {
            for samples in [&file, &on_server] {
                samples.keep(START + later).await.unwrap();
                assert_eq!(samples.reach().await.unwrap().is_some(), is_left);
            }
            assert_eq!(
                answers(&file, 0, 1_800).await,
                answers(&on_server, 0, 1_800).await,
                "{later}"
            );
        }
        assert_eq!(other.statements(window(0, 600)).await.unwrap().len(), 5);
        claim.release().await;
        other_claim.release().await;
    }
}

#[tokio::test]
async fn of_two_watchers_one_writes() {
    for major in majors() {
        let database = server(major).await.database("history").await;
        let (one, two) = (history(&database.url()), history(&database.url()));
        let (first, second) = (one.samples("shop"), two.samples("shop"));
        // They begin at the same time, where nothing is yet.
        let (a, b) = tokio::join!(first.claim(), second.claim());
        let (claim, first, second) = match (a.unwrap(), b.unwrap()) {
            (Some(claim), None) => (claim, first, second),
            (None, Some(claim)) => (claim, second, first),
            both => panic!("{} and {}", both.0.is_some(), both.1.is_some()),
        };
        first.record_activity(look(START)).await.unwrap();
        let refused = second.record_activity(look(START)).await;
        assert!(matches!(refused, Err(StoreError::NotOurs { .. })), "{refused:?}");
        assert!(two.samples("another").claim().await.unwrap().is_some());
        assert_eq!((looks(&first).await, looks(&second).await), (1, 1));

        claim.release().await;
        let claim = second.claim().await.unwrap().unwrap();
        second.record_activity(look(START + 10)).await.unwrap();
        assert!(first.claim().await.unwrap().is_none());

        // It gives no sign of life for too long: another takes over, and what the first still writes is not counted.
        let probe = database.probe().await;
        probe
            .batch_execute(
                "UPDATE \"what \"\"we\"\" saw\".target SET held_until = clock_timestamp() - interval '1 s'",
            )
            .await
            .unwrap();
        let taken = first.claim().await.unwrap().unwrap();
        let refused = second.record_activity(look(START + 20)).await;
        assert!(matches!(refused, Err(StoreError::NotOurs { .. })), "{refused:?}");
        first.record_activity(look(START + 20)).await.unwrap();
        // What it gives back is no longer its own.
        claim.release().await;
        assert!(second.claim().await.unwrap().is_none());
        assert_eq!(looks(&second).await, 3);

        // The server has written it, and the answer was lost: it is not written again.
        probe
            .batch_execute("UPDATE \"what \"\"we\"\" saw\".target SET written = written + 1")
            .await
            .unwrap();
        first.record_activity(look(START + 30)).await.unwrap();
        assert_eq!(looks(&second).await, 3);
        first.record_activity(look(START + 40)).await.unwrap();
        assert_eq!(looks(&second).await, 4);
        taken.release().await;
    }
}

/// However many statements, relations and sessions there are, the server that keeps them gets a few statements.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_minute_brings_is_written_together() {
    let server = counting(*majors().last().unwrap()).await;
    let database = server.database("history").await;
    let samples = history(&database.url()).samples("shop");
    let _claim = samples.claim().await.unwrap().unwrap();
    database.execute("CREATE EXTENSION pg_stat_statements").await;
    let probe = database.probe().await;
    ten_minutes(&samples, START, 300).await;
    probe
        .execute("SELECT pg_stat_statements_reset()", &[])
        .await
        .unwrap();
    ten_minutes(&samples, START + 600, 300).await;
    let counted = "SELECT sum(calls)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid \
                   WHERE d.datname = current_database() AND s.query NOT LIKE '%pg_stat_statements%'";
    let statements: i64 = probe.query_one(counted, &[]).await.unwrap().get(0);
    // One bundle with the sessions of all ten minutes, and one a minute with what was counted.
    eprintln!("{statements} statements for ten minutes");
    assert!(statements <= 11 * 15, "{statements} statements for ten minutes");
}

/// What is written looks names up where it is written: nobody remembers one that is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_were_forgotten_elsewhere_are_known_again() {
    for major in majors() {
        let database = server(major).await.database("history").await;
        let home = TempDir::new().unwrap();
        let file = Samples::of(&Store::open(home.path().join("store")), "shop");
        // Two machines, one after the other.
        let (one, two) = (history(&database.url()), history(&database.url()));
        let (first, second) = (one.samples("shop"), two.samples("shop"));
        let beside = two.samples("beside");
        let _beside = beside.claim().await.unwrap().unwrap();
        let claim = first.claim().await.unwrap().unwrap();
        ten_minutes(&first, START, 20).await;
        ten_minutes(&beside, START, 20).await;
        claim.release().await;
        // The other lets everything expire, statements too, and somebody clears what is left.
        let claim = second.claim().await.unwrap().unwrap();
        second.keep(START + 500 * DAY).await.unwrap();
        claim.release().await;
        let probe = database.probe().await;
        probe
            .batch_execute(
                "SET search_path = \"what \"\"we\"\" saw\"; \
                 DELETE FROM name WHERE target = (SELECT id FROM target WHERE name = 'shop')",
            )
            .await
            .unwrap();
        let claim = first.claim().await.unwrap().unwrap();
        for samples in [&first, &file] {
            ten_minutes(samples, START + 600, 20).await;
        }
        assert_eq!(
            answers(&first, 0, 1_800).await,
            answers(&file, 0, 1_800).await,
            "{major}"
        );
        // While it watches, too: between two minutes, names and statements with all that mentions them.
        probe
            .batch_execute(
                "DO $$ DECLARE t bigint := (SELECT id FROM target WHERE name = 'shop'); BEGIN \
                   DELETE FROM activity WHERE target = t; DELETE FROM tick WHERE target = t; \
                   DELETE FROM statement_use WHERE target = t; DELETE FROM relation_use WHERE target = t; \
                   DELETE FROM relation_state WHERE target = t; DELETE FROM metric WHERE target = t; \
                   DELETE FROM statement WHERE target = t; DELETE FROM name WHERE target = t; END $$",
            )
            .await
            .unwrap();
        ten_minutes(&first, START + 1_200, 20).await;
        let other = TempDir::new().unwrap();
        let anew = Samples::of(&Store::open(other.path().join("store")), "shop");
        ten_minutes(&anew, START + 1_200, 20).await;
        assert_eq!(
            answers(&first, 0, 1_800).await,
            answers(&anew, 0, 1_800).await,
            "{major}"
        );
        // Names of another database are its own.
        assert_eq!(beside.statements(window(0, 600)).await.unwrap().len(), 20);
        claim.release().await;
    }
}

/// Spans of one moment that come in one bundle add up, or the last of them counts, as one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_twice_in_a_bundle_counts_as_one_by_one() {
    use howdah_store::samples::{Metric, RelationState, RelationUse, Sampled, StatementUse};
    for major in majors() {
        let database = server(major).await.database("history").await;
        let home = TempDir::new().unwrap();
        let file = Samples::of(&Store::open(home.path().join("store")), "shop");
        let on_server = history(&database.url()).samples("shop");
        let claim = on_server.claim().await.unwrap().unwrap();
        let relation = || Sampled {
            is_index: false,
            name: "\"it's \\ \"\"Größe\"\"\"".to_owned(),
        };
        let used = |calls| StatementUse {
            calls,
            time_us: calls * 7,
            ..StatementUse::default()
        };
        let scanned = |scans| RelationUse {
            scans,
            ..RelationUse::default()
        };
        let state = |bytes| RelationState {
            bytes,
            live: 1,
            dead: 2,
        };
        let metric = |name: &str, is_counter, value| Metric {
            name: name.to_owned(),
            is_counter,
            value,
        };
        for samples in [&file, &on_server] {
            let twice = [look(START), look(START), look(START + 5)].concat();
            samples.record_activity(twice).await.unwrap();
            let collected = Collected {
                at_s: START,
                statements: vec![(-7, used(3)), (0, used(5)), (-7, used(4)), (0, used(6))],
                texts: vec![
                    (-7, "SELECT 'first'".to_owned()),
                    (-7, "SELECT \"é\", '\\n'".to_owned()),
                ],
                relations: vec![
                    (None, scanned(1)),
                    (Some(relation()), scanned(2)),
                    (None, scanned(3)),
                    (Some(relation()), scanned(4)),
                ],
                sizes: vec![(relation(), state(10)), (relation(), state(5))],
                metrics: vec![
                    metric("metric.1", false, 5.5),
                    metric("metric.1", false, 1e-300),
                    metric("metric.2", true, 2.25),
                    metric("metric.2", true, 1.0),
                ],
                ..Collected::default()
            };
            samples.record(collected.clone()).await.unwrap();
            samples.record(collected).await.unwrap();
        }
        assert_eq!(
            answers(&file, 0, 600).await,
            answers(&on_server, 0, 600).await,
            "{major}"
        );
        for samples in [&file, &on_server] {
            let metrics = samples.metrics(window(0, 600), "metric.2").await.unwrap();
            assert!(format!("{metrics:?}").contains("6.5"), "{metrics:?}");
        }
        claim.release().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_waits_within_bounds() {
    let server = private(ServerOptions {
        major: *majors().last().unwrap(),
        ..ServerOptions::default()
    })
    .await;
    let database = server.database("history").await;
    let samples = history(&database.url()).samples("shop");
    let _claim = samples.claim().await.unwrap().unwrap();
    samples.record_activity(look(START)).await.unwrap();
    let facts = |value: &str| BTreeMap::from([("work_mem".to_owned(), value.to_owned())]);
    samples.compare(START, "setting", facts("4MB")).await.unwrap();
    assert_eq!(samples.trouble(), None);

    server.stop().await;
    for number in 1..=20 {
        samples.record_activity(look(START + number * 10)).await.unwrap();
    }
    // What changed is known without asking.
    let changes = samples
        .compare(START + 60, "setting", facts("8MB"))
        .await
        .unwrap();
    assert_eq!(changes.len(), 1);
    samples.keep(START + DAY).await.unwrap();
    assert_eq!(samples.trouble().unwrap().dropped, 0);
    assert!(matches!(
        samples.settle().await,
        Err(StoreError::Unwritten { .. })
    ));
    server.start().await;
    samples.settle().await.unwrap();
    assert_eq!(samples.trouble(), None);
    assert_eq!(looks(&samples).await, 21);
    assert_eq!(samples.changes(window(0, DAY), 10).await.unwrap().len(), 1);

    server.stop().await;
    // About 1,100 statements each.
    for number in 0..30 {
        let used = (1..=500).map(|id| (id, howdah_store::samples::StatementUse::default()));
        let collected = Collected {
            at_s: START + number * 60,
            statements: used.collect(),
            ..Collected::default()
        };
        samples.record(collected).await.unwrap();
    }
    assert!(samples.trouble().unwrap().dropped > 0);
    server.start().await;
    samples.settle().await.unwrap();
    assert_eq!(samples.trouble(), None);
    assert_eq!(samples.statements(window(0, DAY)).await.unwrap().len(), 500);
}

#[tokio::test]
async fn a_role_without_rights_is_told_which() {
    for major in majors() {
        let database = server(major).await.database("history").await;
        database
            .execute(&format!(
                "REVOKE CREATE ON DATABASE {} FROM PUBLIC",
                database.name
            ))
            .await;
        let error = history(&database.url_as("plain"))
            .samples("shop")
            .claim()
            .await
            .err()
            .unwrap();
        let shown = howdah_core::Error::from(error);
        assert!(
            shown.hint.as_deref().unwrap_or_default().contains("CREATE"),
            "{shown:?}"
        );
        let samples = history(&database.url()).samples("shop");
        let _claim = samples.claim().await.unwrap().unwrap();
        samples.record_activity(look(START)).await.unwrap();
        // Reading takes no more than that.
        database
            .execute("GRANT USAGE ON SCHEMA \"what \"\"we\"\" saw\" TO plain; GRANT SELECT ON ALL TABLES IN SCHEMA \"what \"\"we\"\" saw\" TO plain")
            .await;
        let reader = history(&database.url_as("plain")).samples("shop");
        assert_eq!(looks(&reader).await, 1);
        database
            .execute("UPDATE \"what \"\"we\"\" saw\".format SET version = 99")
            .await;
        let newer = history(&database.url()).samples("shop");
        assert!(matches!(
            newer.exists().await,
            Err(StoreError::HistoryTooNew { found: 99, .. })
        ));
    }
}

/// Two watchers by the clock: the second begins when the first ends, and none of it stops when the history does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_watcher_takes_over() {
    let major = *majors().last().unwrap();
    let keeps = private(ServerOptions {
        major,
        ..ServerOptions::default()
    })
    .await;
    let kept = keeps.database("history").await;
    let database = server(major).await.database("watched").await;
    let pace = Pace {
        look: Duration::from_millis(100),
        count: Duration::from_millis(500),
        measure: Duration::from_secs(600),
    };
    let watch = || {
        let target = target("shop", &database.url());
        let samples = samples_of(&history(&kept.url()), &target);
        let (stop, news) = (
            CancellationToken::new(),
            Arc::new(std::sync::Mutex::new(Vec::new())),
        );
        let told = Arc::clone(&news);
        let report = move |report: Report| told.lock().unwrap().push(report);
        let task = tokio::spawn(run(target, samples, pace, stop.clone(), report));
        (task, stop, news)
    };
    let has = |news: &Arc<std::sync::Mutex<Vec<Report>>>, is_it: fn(&Report) -> bool| {
        news.lock().unwrap().iter().any(is_it)
    };
    let (first, stop_first, news_first) = watch();
    until("the first watches", || async {
        has(&news_first, |report| matches!(report, Report::Watching(_)))
    })
    .await;
    let (second, stop_second, news_second) = watch();
    until("the second waits", || async {
        has(&news_second, |report| *report == Report::Elsewhere)
    })
    .await;
    keeps.stop().await;
    until("it is said", || async {
        has(&news_first, |report| matches!(report, Report::Unwritten(_)))
    })
    .await;
    assert!(!first.is_finished() && !second.is_finished());
    keeps.start().await;
    until("it is written", || async {
        has(&news_first, |report| matches!(report, Report::Written(0)))
    })
    .await;
    assert!(!has(&news_second, |report| matches!(report, Report::Watching(_))));
    let began = Instant::now();
    stop_first.cancel();
    first.await.unwrap().unwrap();
    until("the second watches", || async {
        has(&news_second, |report| matches!(report, Report::Watching(_)))
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(120));
    stop_second.cancel();
    second.await.unwrap().unwrap();
    let samples = samples_of(&history(&kept.url()), &target("another name", &database.url()));
    assert!(samples.exists().await.unwrap(), "it goes by its address");
}
