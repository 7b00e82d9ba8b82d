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
        set("archive_command", "").await;
        let idle = found(&url, "archiver", &[], "no archive_command is set").await;
        assert_eq!(idle.status, Status::Critical);

        fine(&url, "password-encryption", &[]).await;
        database
            .execute("SET password_encryption = md5; CREATE ROLE \"Old \"\" login\" LOGIN PASSWORD 'secret'")
            .await;
        found(
            &url,
            "password-encryption",
            &[],
            "\"Old \"\" login\" is stored as MD5",
        )
        .await;
        database.execute("DROP ROLE \"Old \"\" login\"").await;
        fine(&url, "password-encryption", &[]).await;

        // What another role or the database is told to do counts, whoever asks.
        fine(&url, "durability-settings", &[]).await;
        database.execute("CREATE ROLE hasty").await;
        let here = format!("\"{}\"", database.name);
        for (object, setting, says) in [
            (
                "ROLE hasty",
                "synchronous_commit = 'false'",
                "synchronous_commit is off for hasty:",
            ),
            (
                format!("ROLE hasty IN DATABASE {here}").as_str(),
                "synchronous_commit = no",
                "is off for hasty in the database",
            ),
            (
                format!("DATABASE {here}").as_str(),
                "zero_damaged_pages = true",
                "zero_damaged_pages is on for the database",
            ),
        ] {
            database.execute(&format!("ALTER {object} SET {setting}")).await;
            let risky = found(&url, "durability-settings", &[], says).await;
            assert_eq!(risky.problems.len(), 1, "{risky:#?}");
            database
                .execute(&risky.problems[0].fix.as_ref().unwrap().sql)
                .await;
            fine(&url, "durability-settings", &[]).await;
        }

        fine(&url, "pending-restart", &[]).await;
        set("pg_stat_statements.max", "100").await;
        found(&url, "pending-restart", &[], "pg_stat_statements.max was changed").await;
        server.stop().await;
        server.start().await;
        fine(&url, "pending-restart", &[]).await;
        fine(&url, "pg-stat-statements", &[]).await;
        if major >= 14 {
            // Each with a column more is another statement.
            let probe = database.probe().await;
            for number in 1..400 {
                let columns = vec!["1"; number].join(", ");
                probe.batch_execute(&format!("SELECT {columns}")).await.unwrap();
            }
            drop(probe);
            found(&url, "pg-stat-statements", &[], "threw out").await;
        }
    }
}
