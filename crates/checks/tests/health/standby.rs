//! A standby that lags, and all checks on it.

use std::collections::BTreeSet;
use std::path::Path;

use howdah_checks::{Settings, Status, health_checks};
use howdah_localpg::{Account, Instance, StopMode, copy_data_directory};
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
    /// Of a server that was stopped, which not every installation has pg_basebackup for.
    fn of(server: &Server, major: u16) -> Self {
        let copy = |data: &Path, account: &Account| {
            copy_data_directory(&server.data_dir(), data, true, account)?;
            let signal = data.join("standby.signal");
            std::fs::write(&signal, "").unwrap();
            account.own(&signal)
        };
        let primary = format!(
            "host={} port={} user=postgres",
            server.socket_dir().display(),
            server.port()
        );
        let settings = [
            ("primary_conninfo", primary.as_str()),
            ("hot_standby_feedback", "on"),
            ("wal_receiver_status_interval", "1s"),
            ("max_connections", "100"),
            ("fsync", "off"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let directory = server.directory().join("standby");
        let instance = Instance::from_copy(&directory, &installation(major), &settings, copy);
        Self(instance.unwrap_or_else(|error| panic!("{error:?}")))
    }

    fn start(&mut self) {
        self.0
            .start(&BTreeSet::new())
            .unwrap_or_else(|error| panic!("{error:?}"));
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
        database
            .execute("CREATE TABLE goods (id int); CREATE INDEX goods_id ON goods (id); CREATE INDEX goods_id_again ON goods (id)")
            .await;
        server.stop().await;
        let mut standby = tokio::task::block_in_place(|| Standby::of(&server, major));
        server.start().await;
        tokio::task::block_in_place(|| standby.start());
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
        assert!(
            on_standby
                .results
                .iter()
                .filter(|result| result.status == Status::Ok)
                .count()
                > 15
        );

        // A standby takes no writes: where the SQL belongs is said.
        let written = |sql: &&str| !sql.starts_with("SELECT") && !sql.starts_with("ALTER SYSTEM");
        let fixes = on_standby.results.iter().flat_map(|result| &result.problems);
        let fixes: Vec<&str> = fixes
            .filter_map(|problem| Some(problem.fix.as_ref()?.sql.as_str()))
            .collect();
        assert!(fixes.iter().any(written), "{fixes:#?}");
        for sql in fixes.iter().filter(|sql| written(sql)) {
            assert!(sql.starts_with("-- on the primary:\n"), "{sql}");
        }

        // What it asks for in its own sessions, the primary's VACUUM must leave.
        let (reader, connection) =
            howdah_testkit::tokio_postgres::connect(&there, howdah_testkit::tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(async move { drop(connection.await) });
        reader
            .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class")
            .await
            .unwrap();
        let held = found(&here, "vacuum-horizon", &[("warn_xids", 0.0)], "The standby").await;
        assert!(
            held.problems
                .iter()
                .any(|problem| problem.figures["kind"] == "standby"),
            "{held:#?}"
        );
        reader
            .batch_execute("ROLLBACK; SELECT pg_wal_replay_pause()")
            .await
            .unwrap();

        database
            .execute("SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1000000)) FROM generate_series(1, 120)")
            .await;
        found(&here, "replication-lag", &[], "behind").await;
        let paused = found(&there, "replication-lag", &[], "Replay is paused").await;
        reader
            .batch_execute(&paused.problems[0].fix.as_ref().unwrap().sql)
            .await
            .unwrap();
        fine(&there, "replication-lag", &[]).await;
        fine(&here, "replication-lag", &[]).await;

        tokio::task::block_in_place(|| drop(standby));
    }
}
