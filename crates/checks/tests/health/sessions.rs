//! What takes several sessions to provoke.

use howdah_testkit::tokio_postgres::{Client, NoTls};
use howdah_testkit::{Server, ServerOptions, majors, private};

use super::{fine, found};

async fn server(major: u16) -> Server {
    let settings = [
        ("max_prepared_transactions", "10"),
        ("wal_level", "logical"),
        ("deadlock_timeout", "100ms"),
        ("max_connections", "20"),
    ];
    private(ServerOptions {
        major,
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        hba: None,
    })
    .await
}

/// With every session gone, nothing of the kind is found.
async fn healthy(url: &str) {
    for code in [
        "long-queries",
        "long-transactions",
        "idle-in-transaction",
        "blocked-sessions",
        "prepared-transactions",
        "superuser-sessions",
        "unencrypted-connections",
        "vacuum-horizon",
        "replication-slots",
        "connections",
        "deadlocks",
    ] {
        fine(url, code, &[]).await;
    }
}

#[tokio::test]
async fn sessions_that_do_harm_are_found() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("sessions").await;
        database
            .execute("CREATE TABLE jobs (id int PRIMARY KEY, done boolean); INSERT INTO jobs SELECT i, false FROM generate_series(1, 3000) i; GRANT ALL ON jobs TO plain")
            .await;
        let url = database.url();
        healthy(&url).await;

        let open = server.probe_as("plain", &database.name).await;
        open.batch_execute("BEGIN; UPDATE jobs SET done = true WHERE id = 1")
            .await
            .unwrap();
        let now = [("warn_s", 0.0)];
        found(&url, "idle-in-transaction", &now, "idle in a transaction").await;
        found(&url, "long-transactions", &now, "a transaction open").await;
        fine(&url, "idle-in-transaction", &[]).await;

        // The second waits for the first, the third for the second.
        let second = wait_for_lock(&server, &database.name, "ALTER TABLE jobs ADD COLUMN note text").await;
        found(
            &url,
            "blocked-sessions",
            &[("warn_waiting", 1.0)],
            "blocks 1 session",
        )
        .await;
        let third = wait_for_lock(&server, &database.name, "SELECT count(*) FROM jobs").await;
        let blocked = found(
            &url,
            "blocked-sessions",
            &[],
            "of plain (idle in transaction) blocks 2 sessions",
        )
        .await;
        assert_eq!(blocked.problems.len(), 1, "one queue has one root: {blocked:#?}");
        assert_eq!(blocked.problems[0].figures["relation"], "public.jobs");
        open.batch_execute("ROLLBACK").await.unwrap();
        second.await.unwrap();
        third.await.unwrap();

        let sleeping = server.probe_as("plain", &database.name).await;
        let sleep = tokio::spawn(async move {
            // Ends with an error when the test cancels it.
            drop(sleeping.batch_execute("SELECT pg_sleep(600), 'a secret'").await);
        });
        let long = found(&url, "long-queries", &now, "running a statement").await;
        assert!(!format!("{long:?}").contains("a secret"), "{long:?}");
        database
            .execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' AND pid <> pg_backend_pid()")
            .await;
        sleep.await.unwrap();

        let root = server.probe(&database.name).await;
        root.batch_execute("SELECT 1").await.unwrap();
        found(&url, "superuser-sessions", &[], "work as postgres").await;
        drop(root);
        let open_text = over_tcp(&server, &database.name).await;
        found(
            &url,
            "unencrypted-connections",
            &[("count_loopback", 1.0)],
            "are not encrypted",
        )
        .await;
        drop(open_text);
        drop(open);
        healthy(&url).await;
    }
}

/// Begins a statement that waits, in a session of its own.
async fn wait_for_lock(server: &Server, database: &str, sql: &'static str) -> tokio::task::JoinHandle<()> {
    let client = server.probe(database).await;
    tokio::spawn(async move { client.batch_execute(sql).await.unwrap() })
}

/// A session that is not encrypted, over the network of the machine itself.
async fn over_tcp(server: &Server, database: &str) -> Client {
    let mut config = howdah_testkit::tokio_postgres::Config::new();
    config
        .host("127.0.0.1")
        .port(server.port())
        .user("plain")
        .dbname(database);
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    client
}

#[tokio::test]
async fn exhausted_connections_are_found() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("full").await;
        let mut clients = Vec::new();
        for _ in 0..16 {
            clients.push(server.probe_as("plain", &database.name).await);
        }
        let full = found(
            &database.url(),
            "connections",
            &[],
            "connections that ordinary roles may have",
        )
        .await;
        assert_eq!(full.status, howdah_checks::Status::Critical, "{full:#?}");
        clients.truncate(3);
        fine(&database.url(), "connections", &[]).await;
        // A role that does not see the others' sessions counts too.
        fine(&database.url_as("plain"), "connections", &[]).await;

        // Limits of their own are full while the server has room.
        for (limit, none, says) in [
            (
                "ALTER ROLE plain CONNECTION LIMIT 3",
                "ALTER ROLE plain CONNECTION LIMIT -1",
                "the role plain",
            ),
            (
                "ALTER DATABASE %I CONNECTION LIMIT 4",
                "ALTER DATABASE %I CONNECTION LIMIT -1",
                "the database",
            ),
        ] {
            let quoted = format!("\"{}\"", database.name);
            database.execute(&limit.replace("%I", &quoted)).await;
            let full = found(&database.url(), "connections", &[], says).await;
            assert_eq!(full.status, howdah_checks::Status::Critical, "{full:#?}");
            database.execute(&none.replace("%I", &quoted)).await;
            fine(&database.url(), "connections", &[]).await;
        }
    }
}

#[tokio::test]
async fn deadlocks_are_counted() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("deadlock").await;
        database
            .execute("CREATE TABLE a (id int); CREATE TABLE b (id int)")
            .await;
        let (one, two) = (database.probe().await, database.probe().await);
        one.batch_execute("BEGIN; LOCK a").await.unwrap();
        two.batch_execute("BEGIN; LOCK b").await.unwrap();
        let (first, second) = tokio::join!(one.batch_execute("LOCK b"), two.batch_execute("LOCK a; COMMIT"));
        assert!(
            first.is_err() != second.is_err(),
            "one of the two is ended: {first:?} {second:?}"
        );
        drop((one, two));
        found(&database.url(), "deadlocks", &[], "1 deadlocks").await;
    }
}

/// Whatever holds back VACUUM: a session, a prepared transaction, a slot.
#[tokio::test]
async fn what_holds_back_vacuum_is_found() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("horizon").await;
        let url = database.url();
        let fill =
            "INSERT INTO jobs SELECT i, false FROM generate_series(1, 5000) i; UPDATE jobs SET done = true";
        database
            .execute("CREATE TABLE jobs (id int, done boolean) WITH (autovacuum_enabled = off)")
            .await;
        healthy(&url).await;

        let open = server.probe_as("plain", &database.name).await;
        open.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            .await
            .unwrap();
        database.execute(fill).await;
        database.execute("VACUUM jobs").await;
        let wedged = found(&url, "vacuum-horizon", &[], "had to leave 5,000 dead tuples").await;
        assert_eq!(wedged.problems[0].figures["kind"], "session", "{wedged:#?}");
        open.batch_execute("ROLLBACK").await.unwrap();
        database.execute("VACUUM jobs").await;
        fine(&url, "vacuum-horizon", &[]).await;

        database
            .execute(
                "BEGIN; UPDATE jobs SET done = false WHERE id = 1; PREPARE TRANSACTION 'it''s forgotten'",
            )
            .await;
        database
            .execute("UPDATE jobs SET done = false WHERE id > 1")
            .await;
        database.execute("VACUUM jobs").await;
        let wedged = found(&url, "vacuum-horizon", &[], "'it''s forgotten'").await;
        assert_eq!(wedged.problems[0].figures["kind"], "prepared", "{wedged:#?}");
        found(
            &url,
            "prepared-transactions",
            &[("warn_s", 0.0)],
            "'it''s forgotten'",
        )
        .await;
        fine(&url, "prepared-transactions", &[]).await;
        let fix = &wedged.problems[0].fix.as_ref().unwrap().sql;
        database.execute(fix).await;
        fine(&url, "vacuum-horizon", &[]).await;

        database
            .execute("SELECT pg_create_logical_replication_slot('left_behind', 'pgoutput')")
            .await;
        let slot = found(
            &url,
            "vacuum-horizon",
            &[("warn_xids", 0.0)],
            "slot 'left_behind'",
        )
        .await;
        found(
            &url,
            "replication-slots",
            &[],
            "Nobody reads from the slot 'left_behind'",
        )
        .await;
        database
            .execute("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1000000)) FROM generate_series(1, 20)")
            .await;
        found(
            &url,
            "replication-slots",
            &[("warn_mib", 15.0)],
            "inactive slot 'left_behind' retains",
        )
        .await;
        found(
            &url,
            "replication-slots",
            &[("warn_mib", 1.0), ("critical_mib", 10.0)],
            "retains",
        )
        .await;
        database
            .execute(&slot.problems[0].fix.as_ref().unwrap().sql)
            .await;
        healthy(&url).await;
    }
}

/// Who holds up a queue need not be one session, and need not be a session at all.
#[tokio::test]
async fn all_that_block_are_named() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("queue").await;
        let url = database.url();
        database
            .execute("CREATE TABLE jobs (id int PRIMARY KEY, done boolean); INSERT INTO jobs VALUES (1, false); GRANT ALL ON jobs TO plain")
            .await;
        let mut readers = Vec::new();
        for _ in 0..2 {
            let reader = server.probe_as("plain", &database.name).await;
            reader
                .batch_execute("BEGIN; SELECT count(*) FROM jobs")
                .await
                .unwrap();
            readers.push(reader);
        }
        let waits = wait_for_lock(&server, &database.name, "ALTER TABLE jobs ADD COLUMN note text").await;
        let now = [("warn_s", 0.0)];
        let both = eventually_named(&url, 2).await;
        for problem in &both.problems {
            database.execute(&problem.fix.as_ref().unwrap().sql).await;
        }
        waits.await.unwrap();
        fine(&url, "blocked-sessions", &now).await;
        drop(readers);

        database
            .execute("BEGIN; CREATE TABLE other (id int); PREPARE TRANSACTION 'harmless'")
            .await;
        database
            .execute("BEGIN; UPDATE jobs SET done = true; PREPARE TRANSACTION 'it''s forgotten'")
            .await;
        let waits = wait_for_lock(&server, &database.name, "UPDATE jobs SET done = false").await;
        let prepared = found(
            &url,
            "blocked-sessions",
            &now,
            "The prepared transaction 'it''s forgotten'",
        )
        .await;
        let fix = prepared.problems[0].fix.as_ref().unwrap();
        assert_eq!(fix.sql, "ROLLBACK PREPARED 'it''s forgotten';");
        database.execute(&fix.sql).await;
        waits.await.unwrap();
        fine(&url, "blocked-sessions", &now).await;
        database.execute("ROLLBACK PREPARED 'harmless'").await;
    }
}

/// The sessions at the head of the queue, once they are so many.
async fn eventually_named(url: &str, heads: usize) -> howdah_checks::CheckResult {
    let check = howdah_checks::check_named("blocked-sessions").unwrap();
    let settings = super::settings("blocked-sessions", &[("warn_s", 0.0)]);
    let result = super::eventually(url, check, &settings, |result| result.problems.len() == heads).await;
    assert_eq!(result.problems.len(), heads, "{result:#?}");
    result
}
