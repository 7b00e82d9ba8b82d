//! Steps that fail, panic, block; a store that is locked; many jobs.

use std::time::{Duration, Instant};

use howdah_core::{Caller, Context, Error, ErrorKind, Progress, ProgressSink};
use howdah_jobs::{Engine, EventLevel, JobFilter, JobState, Launcher, StepState};
use howdah_store::now_ms;
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;
use crate::pages::{Mischief, Order, WritePages};

#[tokio::test]
async fn a_failure_is_undone_and_keeps_its_words() {
    let bench = Bench::new();
    let id = bench
        .start(&bench.order_with(3, 10, "page2", Mischief::Fail))
        .await;
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Failed);
    let error = job.error.clone().unwrap();
    assert_eq!(error["message"], "The ink ran out.");
    assert_eq!(error["step"], "page2");
    assert_eq!(job.steps[2].error.as_deref(), Some("The ink ran out."));
    assert!(
        job.steps.iter().all(|step| step.state == StepState::Undone),
        "{job:#?}"
    );
    bench.assert_whole(&job);
}

#[tokio::test]
async fn a_panic_is_a_failure_whose_checkpoint_is_heeded() {
    let bench = Bench::new();
    let id = bench
        .start(&bench.order_with(2, 10, "page1", Mischief::Panic))
        .await;
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Failed);
    assert_eq!(job.error.as_ref().unwrap()["kind"], "internal");
    assert!(
        bench.log(&id).contains("a blot"),
        "the panic is in the worker's log"
    );
    bench.assert_whole(&job);
}

#[tokio::test]
async fn what_is_transient_is_tried_again() {
    let bench = Bench::new();
    let id = bench
        .start(&bench.order_with(2, 10, "page0", Mischief::FailTwice))
        .await;
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
    assert_eq!(job.steps[0].attempts, 3);
    let events = bench.engine.events(&id, 50).await.unwrap();
    assert_eq!(
        events
            .iter()
            .filter(|event| event.level == EventLevel::Warning)
            .count(),
        2,
        "{events:#?}"
    );
    bench.assert_whole(&job);
}

/// A worker whose every thread is blocked still says that it lives, and is not replaced.
#[tokio::test]
async fn a_blocked_step_does_not_look_dead() {
    let bench = Bench::new();
    let id = bench
        .start(&bench.order_with(1, 10, "page0", Mischief::Block))
        .await;
    bench.reaches(&id, 0, StepState::Running).await;
    let first = bench.store.lease(&id).await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(6_500)).await;
    let later = bench.store.lease(&id).await.unwrap().unwrap();
    assert!(later.renewed_ms > first.renewed_ms, "{first:?}\n{later:?}");
    let job = bench.end(&id).await;
    assert_eq!((job.state, job.steps[0].attempts), (JobState::Succeeded, 1));
}

#[tokio::test]
async fn a_locked_store_is_waited_for() {
    let bench = Bench::new();
    let id = bench.start(&bench.order(3, 100)).await;
    bench.reaches(&id, 0, StepState::Running).await;
    let file = bench.store.directory().join("howdah.db");
    let locked = tokio::task::spawn_blocking(move || {
        let other = rusqlite::Connection::open(file).unwrap();
        other.busy_timeout(Duration::from_secs(10)).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        std::thread::sleep(Duration::from_secs(12));
        other.execute_batch("ROLLBACK").unwrap();
    });
    // Longer than the busy timeout: the worker sees errors, and tries again.
    locked.await.unwrap();
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Succeeded, "{job:#?}\n{}", bench.log(&id));
    assert!(job.steps.iter().all(|step| step.attempts == 1), "{job:#?}");
    bench.assert_whole(&job);
}

#[tokio::test]
async fn one_job_at_a_time_for_one_thing() {
    let bench = Bench::new();
    let order = Order {
        exclusive: true,
        ..bench.order(1, 600)
    };
    let id = bench.start(&order).await;
    let second = Error::from(
        bench
            .engine
            .start::<WritePages>(&order, "a test")
            .await
            .unwrap_err(),
    );
    assert_eq!(second.kind, ErrorKind::Refused);
    assert!(second.message.contains(&id), "{second}");
    bench.end(&id).await;
    let third = bench.engine.start::<WritePages>(&order, "a test").await.unwrap();
    assert_eq!(bench.end(&third.id).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn five_hundred_jobs_are_listed_fast() {
    let bench = Bench::new();
    for _ in 0..500 {
        bench
            .engine
            .record::<WritePages>(&bench.order(6, 0), "a test")
            .await
            .unwrap();
    }
    let start = Instant::now();
    let jobs = bench.engine.jobs(JobFilter::default()).await.unwrap();
    let took = start.elapsed();
    assert_eq!(jobs.len(), 500);
    assert!(jobs.iter().all(|job| job.steps.len() == 6));
    // Without optimisation on a busy machine; a tenth of it otherwise.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn ids_are_found_by_their_beginning_and_their_likes() {
    let bench = Bench::new();
    let id = bench
        .engine
        .record::<WritePages>(&bench.order(1, 0), "a test")
        .await
        .unwrap()
        .id;
    assert_eq!(bench.engine.job(&id[..5]).await.unwrap().id, id);
    assert_eq!(
        bench
            .engine
            .job(&format!(" {} ", id.to_uppercase()))
            .await
            .unwrap()
            .id,
        id
    );
    let mut mistyped: Vec<char> = id.chars().collect();
    mistyped.swap(1, 2);
    mistyped[7] = if mistyped[7] == 'z' { 'y' } else { 'z' };
    let error = Error::from(
        bench
            .engine
            .job(&mistyped.iter().collect::<String>())
            .await
            .unwrap_err(),
    );
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.hint.as_ref().unwrap().contains(&id), "{error:?}");
    let error = Error::from(bench.engine.job(&format!("{}~", &id[..4])).await.unwrap_err());
    assert!(
        error.hint.as_ref().unwrap().contains(&id),
        "a beginning with a slip: {error:?}"
    );
    let error = Error::from(bench.engine.job("").await.unwrap_err());
    assert_eq!(error.kind, ErrorKind::NotFound, "an empty id is no beginning");
}

#[tokio::test]
async fn workers_that_never_begin_are_not_started_for_ever() {
    let bench = Bench::new();
    let engine = Engine::new(
        bench.store.clone(),
        Launcher {
            program: "/bin/false".into(),
            arguments: Vec::new(),
        },
    );
    let id = engine
        .start::<WritePages>(&bench.order(1, 0), "a test")
        .await
        .unwrap()
        .id;
    let error = Error::from(
        engine
            .follow(&id, &Phases::default(), &CancellationToken::new())
            .await
            .unwrap_err(),
    );
    assert!(error.message.contains("ended before they took it up"), "{error}");
    // The record is good: a whole program goes on with it.
    bench.engine.resume(&id, "a test").await.unwrap();
    assert_eq!(bench.end(&id).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn progress_is_told_on_the_way() {
    let bench = Bench::new();
    let id = bench.start(&bench.order(3, 2_000)).await;
    let phases = Phases::default();
    let job = bench
        .engine
        .follow(&id, &phases, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(job.state, JobState::Succeeded);
    let said = phases.0.lock().unwrap();
    let fractions: Vec<f64> = said.iter().filter_map(|progress| progress.fraction).collect();
    assert!(fractions.is_sorted(), "{fractions:?}");
    assert_eq!(fractions.last(), Some(&1.0));
    let within = fractions
        .iter()
        .any(|fraction| *fraction > 0.01 && *fraction < 0.33);
    assert!(within, "progress within a step: {fractions:?}");
    assert!(
        said.iter().any(|progress| progress.phase.contains("page1")),
        "{said:?}"
    );
    assert!(said.iter().any(|progress| progress.eta_s.is_some()), "{said:?}");
}

/// In this process, with the clock set far back and forward under it.
#[tokio::test]
async fn a_changed_clock_upsets_no_job_on_this_machine() {
    let bench = Bench::new();
    let id = bench
        .engine
        .record::<WritePages>(&bench.order(2, 800), "a test")
        .await
        .unwrap()
        .id;
    let engine = bench.engine.clone();
    let worker = {
        let id = id.clone();
        tokio::spawn(async move { engine.work(&id, &Context::new(Caller::Agent)).await })
    };
    bench.reaches(&id, 0, StepState::Running).await;
    let day = 24 * 3_600_000;
    for shift in [-day, day] {
        let at = now_ms() + shift;
        let (file, id) = (bench.store.directory().join("howdah.db"), id.clone());
        let other = rusqlite::Connection::open(file).unwrap();
        other.busy_timeout(Duration::from_secs(10)).unwrap();
        other
            .execute(
                "UPDATE leases SET renewed_ms = ?2, expires_ms = ?2 WHERE job = ?1",
                (&id, at),
            )
            .unwrap();
        assert!(
            bench.engine.adopt_orphans().await.unwrap().is_empty(),
            "the worker is alive"
        );
    }
    worker.await.unwrap().unwrap();
    let job = bench.job(&id).await;
    assert_eq!(job.state, JobState::Succeeded);
    assert!(job.steps.iter().all(|step| step.attempts == 1));
}

#[derive(Default)]
struct Phases(std::sync::Mutex<Vec<Progress>>);

impl ProgressSink for Phases {
    fn report(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}
