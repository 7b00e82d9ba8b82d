//! Cancel at every point, undo that fails, resume.

use std::fs;
use std::time::{Duration, Instant};

use howdah_core::{Error, ErrorKind};
use howdah_jobs::{JobState, StepState};

use crate::bench::{Bench, kill};
use crate::pages::{KeepPages, Mischief, WritePages};

#[tokio::test]
async fn cancelled_in_any_step_everything_is_taken_back() {
    for step in 0..3 {
        let bench = Bench::new();
        let id = bench.start(&bench.order(3, 400)).await;
        bench.reaches(&id, step, StepState::Running).await;
        let asked = Instant::now();
        bench.engine.cancel(&id, "a test").await.unwrap();
        let job = bench.end(&id).await;
        assert_eq!(job.state, JobState::Cancelled, "{job:#?}");
        assert!(job.error.is_none(), "{job:#?}");
        assert!(
            asked.elapsed() < Duration::from_secs(50),
            "took {:?}",
            asked.elapsed()
        );
        bench.assert_whole(&job);
    }
}

#[tokio::test]
async fn a_step_that_does_not_heed_the_cancel_is_waited_for() {
    let bench = Bench::new();
    let id = bench
        .start(&bench.order_with(2, 100, "page0", Mischief::Deaf))
        .await;
    bench.reaches(&id, 0, StepState::Running).await;
    bench.engine.cancel(&id, "a test").await.unwrap();
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Cancelled);
    assert_eq!(job.steps[0].state, StepState::Undone);
    assert_eq!(
        job.steps[1].state,
        StepState::Pending,
        "nothing was begun after the cancel"
    );
    bench.assert_whole(&job);
}

#[tokio::test]
async fn cancelled_before_a_worker_began_it_is_over_at_once() {
    let bench = Bench::new();
    let job = bench
        .engine
        .record::<WritePages>(&bench.order(2, 10), "a test")
        .await
        .unwrap();
    let job = bench.engine.cancel(&job.id, "a test").await.unwrap();
    assert_eq!(job.state, JobState::Cancelled);
    bench.assert_whole(&job);
    let again = Error::from(bench.engine.cancel(&job.id, "a test").await.unwrap_err());
    assert_eq!(again.kind, ErrorKind::Refused);
    assert!(again.message.contains("already been cancelled"), "{again}");
}

#[tokio::test]
async fn cancelled_while_its_worker_is_dead_it_is_taken_back_by_another() {
    let bench = Bench::new();
    let id = bench.start(&bench.order(3, 600)).await;
    bench.reaches(&id, 1, StepState::Running).await;
    kill(bench.engine.worker(&id).await.unwrap().unwrap().owner.pid);
    bench.engine.cancel(&id, "a test").await.unwrap();
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Cancelled, "{job:#?}");
    bench.assert_whole(&job);
}

#[tokio::test]
async fn an_undo_that_fails_says_what_exists_and_goes_on_later() {
    let bench = Bench::new();
    let id = bench
        .start(&bench.order_with(3, 300, "page1", Mischief::UndoFails))
        .await;
    bench.reaches(&id, 2, StepState::Running).await;
    bench.engine.cancel(&id, "a test").await.unwrap();
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Failed);
    assert_eq!(job.steps[1].state, StepState::UndoFailed);
    assert_eq!(job.exists_now, ["The page page0.", "The page page1."]);
    assert_eq!(
        bench.found(),
        ["page0", "page1"],
        "what is beneath a step that sticks is left alone"
    );
    assert!(
        job.error.as_ref().unwrap()["message"]
            .as_str()
            .unwrap()
            .contains("sticks"),
        "{job:#?}"
    );

    fs::write(bench.pages.join("mended"), "").unwrap();
    bench.engine.resume(&id, "a test").await.unwrap();
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Cancelled, "{job:#?}");
    assert!(job.exists_now.is_empty() && job.error.is_none(), "{job:#?}");
    assert_eq!(bench.found(), ["mended"]);
}

#[tokio::test]
async fn what_was_undone_is_resumed_from_the_start() {
    let bench = Bench::new();
    let id = bench.start(&bench.order(3, 300)).await;
    bench.reaches(&id, 1, StepState::Running).await;
    bench.engine.cancel(&id, "a test").await.unwrap();
    bench.end(&id).await;
    let job = bench.engine.resume(&id, "a test").await.unwrap();
    assert!(
        job.steps.iter().all(|step| step.state == StepState::Pending),
        "{job:#?}"
    );
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
    bench.assert_whole(&job);
    let done = Error::from(bench.engine.resume(&id, "a test").await.unwrap_err());
    assert!(done.message.contains("has succeeded"), "{done}");
}

#[tokio::test]
async fn what_was_kept_is_resumed_where_it_stopped() {
    let bench = Bench::new();
    let order = bench.order_with(3, 10, "page1", Mischief::Fail);
    let id = bench
        .engine
        .start::<KeepPages>(&order, "a test")
        .await
        .unwrap()
        .id;
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Failed);
    assert_eq!(job.exists_now, ["The page page0.", "The page page1."]);
    assert_eq!(bench.found(), ["page0", "page1.part"]);

    fs::write(bench.pages.join("mended"), "").unwrap();
    bench.engine.resume(&id, "a test").await.unwrap();
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
    assert_eq!(job.steps[0].attempts, 1, "what was done is not done again");
    assert_eq!(bench.found(), ["mended", "page0", "page1", "page2"]);
}
