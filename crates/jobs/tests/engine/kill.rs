//! `kill -9` at every step and at random moments.

use std::time::{Duration, Instant};

use howdah_jobs::{JobState, StepState};

use crate::bench::{Bench, kill, terminate};
use crate::pages::{Mischief, Order};

async fn kill_in_step(bench: &Bench, id: &str, step: usize, state: StepState) {
    bench.reaches(id, step, state).await;
    let worker = bench
        .engine
        .worker(id)
        .await
        .unwrap()
        .expect("a worker has the job");
    kill(worker.owner.pid);
}

#[tokio::test]
async fn killed_in_every_step_it_is_still_done() {
    let bench = Bench::new();
    let id = bench.start(&bench.order(4, 400)).await;
    for step in 0..4 {
        kill_in_step(&bench, &id, step, StepState::Running).await;
        let adopted = adopt(&bench).await;
        assert_eq!(
            adopted,
            std::slice::from_ref(&id),
            "the dead worker is noticed at once"
        );
    }
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
    assert!(job.steps.iter().all(|step| step.attempts == 2), "{job:#?}");
    bench.assert_whole(&job);
}

/// A killed process is a moment in dying; then one look is enough.
async fn adopt(bench: &Bench) -> Vec<String> {
    let start = Instant::now();
    loop {
        let adopted = bench.engine.adopt_orphans().await.unwrap();
        if !adopted.is_empty() || start.elapsed() > Duration::from_secs(3) {
            return adopted;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn killed_in_every_step_of_the_undo_it_is_still_undone() {
    let bench = Bench::new();
    let order = Order {
        undo_ms: 300,
        ..bench.order_with(4, 10, "page3", Mischief::Fail)
    };
    let id = bench.start(&order).await;
    for step in (0..4).rev() {
        kill_in_step(&bench, &id, step, StepState::Undoing).await;
        assert_eq!(adopt(&bench).await, std::slice::from_ref(&id));
    }
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Failed);
    assert_eq!(job.error.as_ref().unwrap()["hint"], "Buy ink.");
    bench.assert_whole(&job);
}

#[tokio::test]
async fn killed_at_random_moments_it_is_done_or_undone() {
    let mut killed = 0;
    for round in 0..6 {
        let bench = Bench::new();
        let order = if round % 2 == 0 {
            bench.order(5, 60)
        } else {
            bench.order_with(5, 60, "page4", Mischief::Fail)
        };
        let id = bench.start(&order).await;
        for _ in 0..8 {
            let mut byte = [0];
            getrandom::fill(&mut byte).unwrap();
            tokio::time::sleep(Duration::from_millis(u64::from(byte[0]))).await;
            if let Some(worker) = bench.engine.worker(&id).await.unwrap() {
                kill(worker.owner.pid);
                killed += 1;
            }
            bench.engine.adopt_orphans().await.unwrap();
        }
        let job = bench.end(&id).await;
        let expected = if round % 2 == 0 {
            JobState::Succeeded
        } else {
            JobState::Failed
        };
        // Five deaths in one step are one too many; then it is undone.
        assert!(job.state == expected || job.state == JobState::Failed, "{job:#?}");
        bench.assert_whole(&job);
    }
    assert!(killed > 5, "only {killed} workers were met");
}

#[tokio::test]
async fn a_step_that_kills_its_worker_every_time_is_given_up() {
    let bench = Bench::new();
    let id = bench
        .start(&bench.order_with(3, 10, "page1", Mischief::Die))
        .await;
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Failed);
    let error = job.error.clone().unwrap();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("5 times in a row in the step page1"),
        "{error}"
    );
    assert_eq!(job.steps[1].attempts, 5);
    bench.assert_whole(&job);
}

#[tokio::test]
async fn asked_to_end_a_worker_leaves_the_job_to_the_next() {
    let bench = Bench::new();
    let id = bench.start(&bench.order(2, 1500)).await;
    bench.reaches(&id, 0, StepState::Running).await;
    let worker = bench.engine.worker(&id).await.unwrap().unwrap();
    terminate(worker.owner.pid);
    let start = Instant::now();
    while bench.store.lease(&id).await.unwrap().is_some() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "the lease is never given back"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let job = bench.job(&id).await;
    assert_eq!(
        (job.state, job.deaths),
        (JobState::Running, 0),
        "no death is counted: {job:#?}"
    );
    bench.engine.resume(&id, "a test").await.unwrap();
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Succeeded);
    bench.assert_whole(&job);
}
