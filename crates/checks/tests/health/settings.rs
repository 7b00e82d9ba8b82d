//! What takes settings of a whole server to provoke.

use howdah_checks::Status;
use howdah_testkit::{ServerOptions, majors, private};

use super::{fine, found};

#[tokio::test]
async fn settings_that_do_harm_are_found() {
    for major in majors() {
        let settings = [
            ("shared_preload_libraries", "pg_stat_statements"),
            ("archive_mode", "on"),
            ("archive_command", "false"),
        ];
        let server = private(ServerOptions {
            major,
            settings: settings
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            hba: None,
        })
        .await;
        let database = server.database("settings").await;
        let url = database.url();
        let set = async |name: &str, value: &str| {
            database
                .execute(&format!("ALTER SYSTEM SET {name} = '{value}'"))
                .await;
            database.execute("SELECT pg_reload_conf()").await;
        };

        // Servers of tests are quick rather than durable.
        let risky = found(&url, "durability-settings", &[], "fsync is off").await;
        assert_eq!(risky.status, Status::Critical);
        for name in ["fsync", "full_page_writes", "synchronous_commit"] {
            set(name, "on").await;
        }
        fine(&url, "durability-settings", &[]).await;

        found(&url, "vacuum-settings", &[], "autovacuum_naptime is 60 min").await;
        for (name, wrong, right, says) in [
            ("autovacuum_naptime", "1h", "1min", "autovacuum_naptime"),
            ("autovacuum", "off", "on", "autovacuum is off"),
            ("track_counts", "off", "on", "track_counts is off"),
            (
                "autovacuum_vacuum_cost_delay",
                "100ms",
                "2ms",
                "sleeps more than it works",
            ),
            ("autovacuum_vacuum_cost_limit", "10", "-1", "cost limit"),
        ] {
            set(name, wrong).await;
            found(&url, "vacuum-settings", &[], says).await;
            set(name, right).await;
        }
        fine(&url, "vacuum-settings", &[]).await;

        found(
            &url,
            "pg-stat-statements",
            &[],
            "its view is not in this database",
        )
        .await;
        database.execute("CREATE EXTENSION pg_stat_statements").await;
        fine(&url, "pg-stat-statements", &[]).await;

        fine(&url, "archiver", &[]).await;
        database.execute("CREATE TABLE t (id int)").await;
        database.execute("SELECT pg_switch_wal()").await;
        let failing = found(&url, "archiver", &[], "Archiving fails").await;
        assert_eq!(failing.status, Status::Critical);
        set("archive_command", "true").await;
        fine(&url, "archiver", &[]).await;
    }
}
