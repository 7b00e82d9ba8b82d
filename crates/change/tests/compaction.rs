//! VACUUM FULL beside clients: a table gives its room back, whatever else is done to it, and loses nothing.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use howdah_change::{Ended, Options};
use howdah_testkit::{majors, server};
use tokio_util::sync::CancellationToken;

const TABLES: &str = "
    CREATE TABLE \"the {table}\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"the {column}\" int NOT NULL, note text, written int NOT NULL DEFAULT 0,
        twice int GENERATED ALWAYS AS (\"the {column}\" * 2) STORED);
    CREATE INDEX ON \"the {table}\" (\"the {column}\");
    CREATE TABLE refers (t bigint REFERENCES \"the {table}\");
    CREATE VIEW seen AS SELECT * FROM \"the {table}\";
    CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.written := OLD.written + 1; RETURN NEW; END';
    CREATE TRIGGER counts BEFORE UPDATE ON \"the {table}\" FOR EACH ROW EXECUTE FUNCTION counts();
    INSERT INTO \"the {table}\" (\"the {column}\", note) SELECT i, repeat('x', 100) FROM generate_series(1, 60000) i;
    DELETE FROM \"the {table}\" WHERE hashint8(id) % 10 <> 0;
    INSERT INTO refers SELECT id FROM seen WHERE id % 50 = 0;";
const SCRIPT: &str = "VACUUM FULL \"the {table}\"";

async fn bytes(client: &howdah_testkit::tokio_postgres::Client) -> (i64, i64) {
    let sql = "SELECT pg_relation_size('\"the {table}\"'), pg_indexes_size('\"the {table}\"')::bigint";
    let row = client.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn room_is_given_back_beside_writers() {
    for major in majors() {
        let database = server(major).await.database("compaction").await;
        database.execute(TABLES).await;
        database.execute("VACUUM ANALYZE").await;
        let probe = database.probe().await;
        let (before, _) = bytes(&probe).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..3)
            .map(|writer: i64| {
                let (url, stop) = (database.url(), Arc::clone(&stop));
                tokio::spawn(async move {
                    let (client, connection) =
                        howdah_testkit::tokio_postgres::connect(&url, howdah_testkit::tokio_postgres::NoTls)
                            .await
                            .unwrap();
                    tokio::spawn(connection);
                    // What each row was last given and acknowledged.
                    let mut given = BTreeMap::new();
                    let ids = client
                        .query(
                            "SELECT id FROM seen WHERE id % 3 = $1 ORDER BY id DESC LIMIT 300",
                            &[&writer],
                        )
                        .await
                        .unwrap();
                    let mut number = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let id: i64 = ids[number as usize % ids.len()].get(0);
                        number += 1;
                        client
                            .execute(
                                "UPDATE \"the {table}\" SET \"the {column}\" = $1 WHERE id = $2",
                                &[&number, &id],
                            )
                            .await
                            .unwrap();
                        given.insert(id, (number, given.get(&id).map_or(0, |(_, times)| *times) + 1));
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    given
                })
            })
            .collect();
        let (plan, ended) = support::run(&database.url(), SCRIPT).await.unwrap();
        assert_eq!(ended, Ended::Done);
        assert_eq!(plan.steps.len(), 3, "{plan:#?}");
        stop.store(true, Ordering::Relaxed);
        let mut given = BTreeMap::new();
        for writer in writers {
            given.extend(writer.await.unwrap());
        }
        assert!(!given.is_empty());
        // Every row is there, with what it was last given; triggers fired for the writers alone.
        let rows = probe
            .query(
                "SELECT id, \"the {column}\", twice, written FROM \"the {table}\"",
                &[],
            )
            .await
            .unwrap();
        let mut seen = 0;
        for row in &rows {
            let (id, value, twice, written): (i64, i32, i32, i32) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            assert_eq!(twice, value * 2);
            match given.get(&id) {
                Some((last, times)) => {
                    assert_eq!((value, written), (*last, *times), "{major}: {id}");
                    seen += 1;
                }
                None => assert_eq!((i64::from(value), written), (id, 0), "{major}"),
            }
        }
        assert_eq!(seen, given.len());
        let expected: i64 = probe
            .query_one(
                "SELECT count(*) FROM generate_series(1, 60000) i WHERE hashint8(i) % 10 = 0",
                &[],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(rows.len() as i64, expected);
        let (after, indexes) = bytes(&probe).await;
        database.execute(SCRIPT).await;
        let (least, least_indexes) = bytes(&probe).await;
        // The writers' rows need room too, and an autovacuum may hold the cut up: far below what it was, near what is least.
        assert!(after * 3 < before, "{major}: {before} → {after}, least {least}");
        assert!(
            after < least * 13 / 10 + 64 * 8192,
            "{major}: {before} → {after}, least {least}"
        );
        assert!(
            indexes < least_indexes * 13 / 10 + 16 * 8192,
            "{major}: {indexes}, least {least_indexes}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_and_gone_on_with() {
    for major in majors() {
        let database = server(major).await.database("compaction stops").await;
        database.execute(TABLES).await;
        let probe = database.probe().await;
        let sum = "SELECT count(*), sum(id), sum(\"the {column}\"::bigint), sum(written) FROM seen";
        let before = format!("{:?}", probe.query_one(sum, &[]).await.unwrap());
        let (large, _) = bytes(&probe).await;
        // Stopped again and again, after a little more each time.
        let heard = Arc::new(support::Heard::default());
        let mut stops = 0;
        let mut patience = 30;
        loop {
            let cancel = CancellationToken::new();
            let executor = howdah_change::Executor::new(
                support::target(&database.url()),
                Options::default(),
                Arc::<support::Heard>::clone(&heard),
                cancel.clone(),
            );
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(patience)).await;
                cancel.cancel();
            });
            match executor.run(SCRIPT).await {
                Ok((_, ended)) => {
                    assert_eq!(ended, Ended::Done);
                    break;
                }
                Err(howdah_change::ChangeError::Stopped) => stops += 1,
                Err(error) => panic!("{major}: {error}"),
            }
            patience = patience * 13 / 10;
        }
        assert!(stops > 0);
        assert_eq!(
            format!("{:?}", probe.query_one(sum, &[]).await.unwrap()),
            before,
            "{major}"
        );
        let (after, _) = bytes(&probe).await;
        assert!(
            after * 3 < large,
            "{major}: {large} → {after} after {stops} stops: {:?}",
            heard.messages.lock().unwrap()
        );
        let (_, again) = support::run(&database.url(), SCRIPT).await.unwrap();
        // Unlike a change of the schema it may be wanted again.
        assert_eq!(again, Ended::Done);
    }
}

/// With `elsewhere`, a transaction of another database was open when the rows were deleted: the reader's snapshot is as
/// old as that, and the dead rows cannot be removed at all.
async fn names_the_old_reader(elsewhere: bool) {
    // It waits for half a minute: once is enough.
    let major = majors()[0];
    let (database, other) = (
        server(major).await.database("compaction waits").await,
        server(major).await.database("compaction elsewhere").await,
    );
    let writer = other.probe().await;
    if elsewhere {
        writer
            .batch_execute("BEGIN; CREATE TABLE has_an_xid ()")
            .await
            .unwrap();
    }
    database.execute(TABLES).await;
    let reader = database.probe().await;
    reader
        .batch_execute("SET application_name = 'the old reader'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM refers")
        .await
        .unwrap();
    let heard = Arc::new(support::Heard::default());
    let executor = howdah_change::Executor::new(
        support::target(&database.url()),
        Options::default(),
        Arc::<support::Heard>::clone(&heard),
        CancellationToken::new(),
    );
    let running = tokio::spawn(async move { executor.run(SCRIPT).await });
    heard.hears("the old reader").await;
    if elsewhere {
        heard.hears("so that no room was found").await;
    }
    reader.batch_execute("COMMIT").await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().1, Ended::Done, "{major}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_snapshot_is_named() {
    names_the_old_reader(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_as_old_as_another_database_wants_is_named() {
    names_the_old_reader(true).await;
}
