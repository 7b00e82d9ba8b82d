//! A standby that lags, and all checks on it.

use std::collections::BTreeSet;
use std::path::Path;

use howdah_checks::{Settings, Status, health_checks};
use howdah_localpg::{Account, Instance, StopMode};
use howdah_testkit::{Server, ServerOptions, installation, majors, private};

use super::{fine, found, pass};

struct Standby(Instance);

impl Drop for Standby {
    fn drop(&mut self) {
        // The watchdog of the primary ends what is left.
        drop(self.0.stop(StopMode::Immediate));
    }
}

impl Standby {
    fn of(server: &Server, major: u16) -> Self {
        let (socket, port) = (server.socket_dir(), server.port().to_string());
        let programs = installation(major);
        let backup = |data: &Path, account: &Account| {
            let done = account
                .command(&programs.program("pg_basebackup").expect("pg_basebackup"))
                .args(["-h", socket.to_str().unwrap(), "-p", &port, "-U", "postgres", "-X", "stream", "-c", "fast", "-R", "-D"])
                .arg(data)
                .output()
                .unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            Ok(())
        };
        let settings = [
            ("hot_standby_feedback", "on"),
            ("wal_receiver_status_interval", "1s"),
            ("max_connections", "100"),
            ("fsync", "off"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let directory = server.directory().join("standby");
        let mut instance = Instance::from_copy(&directory, &programs, &settings, backup).unwrap();
        instance.start(&BTreeSet::new()).unwrap_or_else(|error| panic!("{error:?}"));
        Self(instance)
    }

    fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}", self.0.port())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_standby_is_found_from_both_sides() {
    for major in majors() {
        let server = private(ServerOptions {
            major,
            ..ServerOptions::default()
        })
        .await;
        let database = server.database("shop").await;
        fine(&database.url(), "replication-lag", &[]).await;
        let standby = tokio::task::block_in_place(|| Standby::of(&server, major));
        let (here, there) = (database.url(), standby.url(&database.name));
        fine(&here, "replication-lag", &[]).await;
        fine(&there, "replication-lag", &[]).await;

        // Nothing that a standby refuses may make more than a check skipped with a reason.
        let on_standby = pass(&there, &health_checks(), &Settings::default()).await;
        let refused: Vec<_> = on_standby
            .results
            .iter()
            .filter(|result| result.message.starts_with("The server refused"))
            .collect();
        assert!(refused.is_empty(), "{refused:#?}");
        assert!(on_standby.results.iter().filter(|result| result.status == Status::Ok).count() > 15);

        // What it asks for in its own sessions, the primary's VACUUM must leave.
        let (reader, connection) = howdah_testkit::tokio_postgres::connect(&there, howdah_testkit::tokio_postgres::NoTls)
            .await
            .unwrap();
        tokio::spawn(async move { drop(connection.await) });
        reader
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class")
            .await
            .unwrap();
        let held = found(&here, "vacuum-horizon", &[("warn_xids", 0.0)], "The standby").await;
        assert!(held.problems.iter().any(|problem| problem.figures["kind"] == "standby"), "{held:#?}");
        reader.batch_execute("ROLLBACK; SELECT pg_wal_replay_pause()").await.unwrap();

        database
            .execute("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1000000)) FROM generate_series(1, 120)")
            .await;
        found(&here, "replication-lag", &[], "behind").await;
        let paused = found(&there, "replication-lag", &[], "Replay is paused").await;
        reader.batch_execute(&paused.problems[0].fix.as_ref().unwrap().sql).await.unwrap();
        fine(&there, "replication-lag", &[]).await;
        fine(&here, "replication-lag", &[]).await;

        tokio::task::block_in_place(|| drop(standby));
    }
}
