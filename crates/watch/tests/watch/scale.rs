use std::time::{Duration, Instant};

use howdah_store::Store;
use howdah_store::samples::{
    Activity, By, Collected, Metric, RelationState, RelationUse, Sampled, Samples, Seen, StatementUse, Window,
};
use howdah_watch::history::{Sensitivity, growth, load, regressions, step_of};
use tempfile::TempDir;

use super::{MINUTE, START};

const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What a watcher records of a busy database in ten minutes: `statements` of them in each minute.
pub(super) async fn ten_minutes(samples: &Samples, from_s: i64, statements: i64) {
    let mut activity = Vec::new();
    for span in 0..60 {
        let seen = (0..8).map(|number| Seen {
            wait: ["CPU", "IO:DataFileRead", "LWLock:WALWrite", "Lock:transactionid"][number % 4].to_owned(),
            query_id: Some((span * 7 + number as i64 * 3) % statements + 1),
            role: ["app", "worker"][number % 2].to_owned(),
            count: 1 + number as u32,
        });
        activity.push(Activity {
            at_s: from_s + span * 10,
            ticks: 10,
            seen: seen.collect(),
        });
    }
    samples.record_activity(activity).await.unwrap();
    for minute in 0..10 {
        let at_s = from_s + minute * MINUTE;
        let noise = |seed: i64| (at_s / 60 * 7_919 + seed * 104_729) % 1_000;
        let used = |id: i64| StatementUse {
            calls: 100 + noise(id),
            time_us: (100 + noise(id)) * (500 + id * 10),
            rows: noise(id) * 3,
            hit: noise(id) * 40,
            read: noise(id) / 10,
            wal_bytes: noise(id) * 100,
            ..StatementUse::default()
        };
        let relation = |id: i64| Sampled {
            is_index: id % 2 == 1,
            name: format!("public.relation_{id}"),
        };
        samples
            .record(Collected {
                at_s,
                statements: (1..=statements).map(|id| (id, used(id))).collect(),
                texts: match minute {
                    0 => (1..=statements)
                        .map(|id| (id, format!("SELECT * FROM table_{id} WHERE id = $1")))
                        .collect(),
                    _ => Vec::new(),
                },
                relations: (0..statements.min(40))
                    .map(|id| {
                        let used = RelationUse {
                            scans: noise(id),
                            tuples_found: noise(id) * 5,
                            updated: noise(id),
                            hit: noise(id) * 30,
                            ..RelationUse::default()
                        };
                        (Some(relation(id)), used)
                    })
                    .collect(),
                sizes: match minute {
                    0 => (0..statements.min(100))
                        .map(|id| {
                            let bytes = 8_192 * (1_000 + id + (at_s - START) / 600);
                            let state = RelationState {
                                bytes,
                                live: 1_000,
                                dead: noise(id),
                            };
                            (relation(id), state)
                        })
                        .collect(),
                    _ => Vec::new(),
                },
                metrics: (0..45)
                    .map(|id| Metric {
                        name: format!("metric.{id}"),
                        is_counter: id % 3 != 0,
                        value: noise(id) as f64,
                    })
                    .collect(),
                changes: Vec::new(),
            })
            .await
            .unwrap();
    }
}

/// Twenty databases are watched for a day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_twenty_databases_is_small_and_quickly_read() {
    let home = TempDir::new().unwrap();
    let store = Store::open(home.path().join("store"));
    let mut all = Vec::new();
    for number in 0..20 {
        let samples = Samples::of(&store, &format!("database {number}"));
        all.push(tokio::spawn(async move {
            // One of them is as busy as is recorded.
            let statements = if number == 0 { 200 } else { 12 };
            let mut from_s = START;
            while from_s < START + DAY {
                ten_minutes(&samples, from_s, statements).await;
                from_s += 600;
                samples.keep(from_s).await.unwrap();
            }
            samples
        }));
    }
    let mut databases = Vec::new();
    for one in all {
        databases.push(one.await.unwrap());
    }
    let mut sizes: Vec<u64> = Vec::new();
    for samples in &databases {
        sizes.push(samples.bytes().await.unwrap());
    }
    assert!(sizes.iter().all(|bytes| *bytes <= 25_000_000), "{sizes:?}");

    let day = Window {
        from_s: START,
        to_s: START + DAY,
    };
    let busiest = &databases[0];
    let began = Instant::now();
    let totals = busiest.statements(day).await.unwrap();
    assert_eq!(totals.len(), 200);
    let loads = load(busiest, day, step_of(day), By::Wait).await.unwrap();
    assert_eq!((loads.looks, loads.steps.len()), (86_400, 1_440));
    assert!((loads.average - 3.6).abs() < 0.001, "{}", loads.average);
    regressions(busiest, day, Sensitivity::default()).await.unwrap();
    let grown = growth(busiest, day, None).await.unwrap();
    assert!(
        grown
            .iter()
            .any(|growth| (growth.per_day - 8_192.0 * 144.0).abs() < 10_000.0),
        "{:?}",
        &grown[..3]
    );
    let took = began.elapsed();
    // Seen: five seconds, without optimisation, on a busy machine.
    assert!(took < Duration::from_secs(60), "{took:?}");
}

/// Minutes go after two days, ten minutes after five weeks; sums stay what they were.
#[tokio::test]
async fn samples_are_summed_up_and_expire() {
    let home = TempDir::new().unwrap();
    let samples = Samples::of(&Store::open(home.path().join("store")), "one");
    let start = START - START % (6 * HOUR);
    let mut largest = 0;
    // Two hours of samples a day, for six weeks.
    for day in 0..42 {
        for part in 0..12 {
            ten_minutes(&samples, start + day * DAY + part * 600, 12).await;
        }
        samples.keep(start + day * DAY + 2 * HOUR).await.unwrap();
        if day == 5 {
            largest = samples.bytes().await.unwrap();
        }
    }
    let now = start + 41 * DAY + 2 * HOUR;
    samples.keep(now).await.unwrap();
    let whole = Window {
        from_s: start,
        to_s: now,
    };
    let loads = load(&samples, whole, DAY, By::Wait).await.unwrap();
    assert_eq!(loads.looks, 42 * 2 * HOUR, "every look is still counted");
    assert!((loads.average - 3.6).abs() < 0.001, "{}", loads.average);
    let lately = Window {
        from_s: now - HOUR,
        to_s: now,
    };
    let minutes = samples.statement_series(lately, MINUTE, Some(1)).await.unwrap();
    assert_eq!(minutes[&1].len(), 60, "the last hour is there by the minute");
    let sum: i64 = minutes[&1].iter().map(|point| point.used.calls).sum();
    let total = samples.statements(lately).await.unwrap();
    let one = total.iter().find(|total| total.query_id == 1).unwrap();
    assert_eq!(one.used.calls, sum);
    let last_days = Window {
        from_s: now - 10 * DAY,
        to_s: now,
    };
    let tens = samples.statement_series(last_days, 600, Some(1)).await.unwrap();
    assert_eq!(
        tens[&1].len(),
        10 * 12,
        "ten days are there in steps of ten minutes"
    );
    // Six weeks take little more than six days: the longer spans are few.
    assert!(
        samples.bytes().await.unwrap() < largest * 5 / 2,
        "{} after {largest}",
        samples.bytes().await.unwrap()
    );

    // A year later nothing is left but the change of no sample, and the room goes back to the disk.
    for _ in 0..10 {
        samples.keep(now + 500 * DAY).await.unwrap();
    }
    assert_eq!(samples.reach().await.unwrap(), None);
    assert!(
        samples.bytes().await.unwrap() < largest / 2,
        "{} after {largest}",
        samples.bytes().await.unwrap()
    );
}
