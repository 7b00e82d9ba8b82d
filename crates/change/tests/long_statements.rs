//! A statement that takes long says how far it is and who is in its way, and ends when that is wanted.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use howdah_change::journal::{self, Wanted};
use howdah_change::{ChangeError, Ended, Executor, Options, Plan};
use howdah_testkit::tokio_postgres::Client;
use howdah_testkit::{Database, majors, server};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const TABLES: &str = "
    CREATE TABLE \"the {table}\" (id bigint PRIMARY KEY, \"the {column}\" int);
    INSERT INTO \"the {table}\" SELECT i, i FROM generate_series(1, 1000) i;
    CREATE TABLE other (i int);";
const SCRIPT: &str = "CREATE INDEX \"by {column}\" ON \"the {table}\" (\"the {column}\")";
/// What must not last long takes no longer, whatever else the machine does.
const SOON: Duration = Duration::from_secs(30);

struct Build {
    heard: Arc<support::Heard>,
    cancel: CancellationToken,
    running: JoinHandle<Result<(Plan, Ended), ChangeError>>,
    reader: Client,
}

/// An index is being built, and has to wait for an old reader of another table.
async fn held_up(database: &Database<'_>) -> Build {
    database.execute(TABLES).await;
    let reader = database.probe().await;
    reader
        .batch_execute("SET application_name = 'the old reader'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other")
        .await
        .unwrap();
    let heard = Arc::new(support::Heard::default());
    let cancel = CancellationToken::new();
    let executor = Executor::new(
        support::target(&database.url()),
        Options::default(),
        Arc::<support::Heard>::clone(&heard),
        cancel.clone(),
    );
    let running = tokio::spawn(async move { executor.run(SCRIPT).await });
    heard.hears("the old reader").await;
    Build {
        heard,
        cancel,
        running,
        reader,
    }
}

async fn want(database: &Database<'_>, wanted: Wanted) {
    let target = support::target(&database.url());
    let mut connection = howdah_pg::Connection::connect(&target.conninfo).await.unwrap();
    let id = journal::list(&mut connection, None)
        .await
        .unwrap()
        .remove(0)
        .plan
        .id;
    journal::want(&mut connection, &id, wanted).await.unwrap();
}

async fn indexes(database: &Database<'_>) -> i64 {
    let sql = "SELECT count(*) FROM pg_index WHERE indrelid = '\"the {table}\"'::regclass";
    database.probe().await.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_waited_for_is_named_and_a_pause_comes_after_it() {
    for major in majors() {
        let database = server(major).await.database("long named").await;
        let build = held_up(&database).await;
        let farthest = build
            .heard
            .fractions
            .lock()
            .unwrap()
            .iter()
            .copied()
            .fold(0.0, f64::max);
        assert!(farthest > 0.3 && farthest < 1.0, "{major}: {farthest}");
        want(&database, Wanted::Pause).await;
        build.heard.hears("cannot be paused").await;
        assert!(!build.running.is_finished());
        build.reader.batch_execute("COMMIT").await.unwrap();
        let (plan, ended) = build.running.await.unwrap().unwrap();
        // The pause holds where a step is left.
        let wanted = if plan.steps.len() > 1 {
            Ended::Paused
        } else {
            Ended::Done
        };
        assert_eq!(ended, wanted, "{major}");
        assert_eq!(indexes(&database).await, 2, "{major}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_taken_back_while_it_waits() {
    for major in majors() {
        let database = server(major).await.database("long taken back").await;
        let build = held_up(&database).await;
        let start = Instant::now();
        want(&database, Wanted::Cancel).await;
        let (_, ended) = tokio::time::timeout(SOON, build.running)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(ended, Ended::RolledBack, "{major} after {:?}", start.elapsed());
        assert_eq!(indexes(&database).await, 1, "{major}");
        build.reader.batch_execute("COMMIT").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_caller_can_go_and_come_back() {
    for major in majors() {
        let database = server(major).await.database("long stopped").await;
        let build = held_up(&database).await;
        build.cancel.cancel();
        let ended = tokio::time::timeout(SOON, build.running).await.unwrap().unwrap();
        assert!(matches!(ended, Err(ChangeError::Stopped)), "{major}: {ended:?}");
        // Nobody was in the way of removing what the build left.
        assert_eq!(indexes(&database).await, 1, "{major}");
        build.reader.batch_execute("COMMIT").await.unwrap();
        let (_, ended) = support::run(&database.url(), SCRIPT).await.unwrap();
        assert_eq!(ended, Ended::Done, "{major}");
        assert_eq!(indexes(&database).await, 2, "{major}");
    }
}
