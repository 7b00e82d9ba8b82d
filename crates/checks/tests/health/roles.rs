//! What an ordinary role gets.

use howdah_checks::{Settings, Status, evidence_checks, health_checks};
use howdah_testkit::{majors, server};

use super::pass;

#[tokio::test]
async fn no_check_fails_as_an_ordinary_role() {
    for major in majors() {
        let database = server(major).await.database("ordinary").await;
        database
            .execute(
                "CREATE TABLE secret (id serial PRIMARY KEY, note text);
                 INSERT INTO secret (note) SELECT 'n' FROM generate_series(1, 3000);
                 CREATE EXTENSION pgstattuple; ANALYZE",
            )
            .await;
        let checks = [health_checks(), evidence_checks()].concat();
        let pass = pass(&database.url_as("plain"), &checks, &Settings::default()).await;
        assert_eq!(pass.results.len(), checks.len());
        for result in &pass.results {
            assert!(
                !result.message.starts_with("The server refused"),
                "{major}: {result:#?}"
            );
            if result.status == Status::Skipped {
                let skipped = result.skipped.as_ref().unwrap();
                assert!(
                    !skipped.reason.is_empty() && !skipped.who.is_empty(),
                    "{result:#?}"
                );
            }
        }
        let skipped = |code: &str| {
            let result = pass.results.iter().find(|result| result.code == code).unwrap();
            result
                .skipped
                .clone()
                .unwrap_or_else(|| panic!("{major}: {result:#?}"))
        };
        assert!(skipped("long-queries").who.contains("GRANT pg_monitor TO plain;"));
        assert!(
            skipped("sequence-exhaustion")
                .reason
                .contains("may not read 1 sequence")
        );
        assert!(
            skipped("aurora-replica-lag")
                .reason
                .contains("aurora_replica_status()")
        );
    }
}

/// A name that tries to be something else, wherever names are told.
#[tokio::test]
async fn names_may_be_anything() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database_named("My \"Database\"; --").await;
        database
            .execute(
                r#"CREATE SCHEMA "My ""Schema";
                   CREATE TABLE "My ""Schema"."select" ("Key" int PRIMARY KEY, "x'); DROP TABLE y; --" text) WITH (autovacuum_enabled = off);
                   INSERT INTO "My ""Schema"."select" SELECT 2100000000 + i, 'v' FROM generate_series(1, 20000) i;
                   CREATE SEQUENCE "My ""Schema"."'seq'" MAXVALUE 10; SELECT setval('"My ""Schema"."''seq''"', 10);
                   ALTER TABLE "My ""Schema"."select" ADD CONSTRAINT "a b" CHECK ("Key" > 0) NOT VALID;
                   ANALYZE"#,
            )
            .await;
        let pass = pass(&database.url(), &health_checks(), &Settings::default()).await;
        for (code, object) in [
            ("autovacuum-disabled", r#""My ""Schema"."select""#),
            ("integer-key-exhaustion", r#""My ""Schema"."select"."Key""#),
            ("sequence-exhaustion", r#""My ""Schema"."'seq'""#),
            ("constraint-not-validated", r#""My ""Schema"."select"."a b""#),
        ] {
            let result = pass.results.iter().find(|result| result.code == code).unwrap();
            assert_eq!(result.problems[0].object.as_deref(), Some(object), "{result:#?}");
            if let Some(fix) = &result.problems[0].fix {
                assert!(howdah_sql::split(&fix.sql).is_ok(), "{fix:?}");
            }
        }
    }
}
