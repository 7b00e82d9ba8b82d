use howdah_core::Severity;
use howdah_lint::schema::ReviewOptions;
use howdah_testkit::{majors, server};

use super::{lines, reviewed};

/// A shop as it should be, with rows that chance made.
const GOOD: &str = include_str!("good.sql");

#[tokio::test]
async fn a_well_designed_schema_gets_notes_at_most() {
    for major in majors() {
        let database = server(major).await.database("good").await;
        database.execute(GOOD).await;
        database
            .execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC; ANALYZE")
            .await;
        let options = ReviewOptions {
            sample_budget_ms: 60_000,
            confirm: true,
            ..ReviewOptions::default()
        };
        let reviewed = reviewed(&database.url(), &options).await;
        let bad = reviewed
            .findings
            .iter()
            .filter(|found| found.finding.severity > Severity::Note)
            .count();
        assert_eq!(bad, 0, "{major}: {:#?}", lines(&reviewed));
        assert!(reviewed.findings.len() <= 12, "{major}: {:#?}", lines(&reviewed));
        assert!(reviewed.model.tables.len() >= 7);
    }
}

#[tokio::test]
async fn an_ordinary_role_sees_all_but_what_it_may_not_read_and_is_told() {
    for major in majors() {
        let database = server(major).await.database("ordinary").await;
        database
            .execute(
                "CREATE TABLE secret (note text, at timestamp);
                 INSERT INTO secret SELECT 'n' || i FROM generate_series(1, 2000) i;
                 CREATE SEQUENCE hidden MAXVALUE 10; SELECT setval('hidden', 10);
                 CREATE SCHEMA closed; CREATE TABLE closed.inner (id serial, a float8);
                 CREATE TABLE open (id bigint PRIMARY KEY, status text);
                 INSERT INTO open SELECT i, (ARRAY['a', 'b'])[1 + i % 2] FROM generate_series(1, 2000) i;
                 GRANT SELECT ON open TO plain; ANALYZE",
            )
            .await;
        let reviewed = reviewed(&database.url_as("plain"), &ReviewOptions::default()).await;
        let codes: Vec<String> = reviewed
            .findings
            .iter()
            .map(|found| {
                format!(
                    "{} {}",
                    found.finding.code,
                    found.finding.object.as_deref().unwrap_or("")
                )
            })
            .collect();
        for expected in [
            "schema/no-primary-key public.secret",
            "schema/timestamp-without-zone public.secret.at",
            "schema/serial-not-identity closed.\"inner\".id",
            "schema/value-set-without-check public.open.status",
        ] {
            assert!(
                codes.iter().any(|code| code == expected),
                "{major}: {expected} is not in {codes:#?}"
            );
        }
        assert!(
            !codes
                .iter()
                .any(|code| code.contains("nullable-never-null public.secret")),
            "{codes:#?}"
        );
        let skipped = format!("{:?}", reviewed.skipped);
        assert!(skipped.contains("statistics and rows of 2 tables"), "{skipped}");
        assert!(skipped.contains("last values of"), "{skipped}");
    }
}

#[tokio::test]
async fn names_may_be_anything() {
    for major in majors() {
        let database = server(major).await.database("hostile").await;
        database
            .execute(
                r#"CREATE SCHEMA "My ""Schema";
                   CREATE TABLE "My ""Schema"."select" ("Key" int PRIMARY KEY, "a.b" bigint, "x'); DROP TABLE y; --" text);
                   CREATE TABLE "My ""Schema"."'quoted'" ("order_id" int, "ñ" timestamp, "Ref" int REFERENCES "My ""Schema"."select");
                   INSERT INTO "My ""Schema"."select" SELECT i, i % 30, 'v' || i % 30 FROM generate_series(1, 3000) i;
                   INSERT INTO "My ""Schema"."'quoted'" SELECT i, NULL, i FROM generate_series(1, 3000) i;
                   ANALYZE"#,
            )
            .await;
        let options = ReviewOptions {
            sample_budget_ms: 60_000,
            confirm: true,
            ..ReviewOptions::default()
        };
        let reviewed = reviewed(&database.url(), &options).await;
        assert_eq!(reviewed.skipped, [], "{major}");
        let lines = lines(&reviewed);
        for part in [
            r#"schema/mixed-case-name "My ""Schema"."'quoted'""#,
            r#"schema/reserved-word-name "My ""Schema"."select""#,
            r#"schema/functional-dependency "My ""Schema"."select"."x'); DROP TABLE y; --""#,
            r#"schema/foreign-key-unindexed "My ""Schema"."'quoted'"."'quoted'_Ref_fkey""#,
        ] {
            assert!(
                lines.iter().any(|line| line.contains(part)),
                "{major}: {part} is not in {lines:#?}"
            );
        }
    }
}

/// Sizes and use of a partitioned table are those of its partitions, and rules speak of it once.
#[tokio::test]
async fn partitions_are_their_tables_matter() {
    for major in majors() {
        let database = server(major).await.database("parts").await;
        database
            .execute(
                "CREATE TABLE customers (id bigint PRIMARY KEY);
                 INSERT INTO customers SELECT generate_series(1, 500);
                 CREATE TABLE visits (id bigint NOT NULL, customer_id bigint NOT NULL REFERENCES customers, status text NOT NULL,
                     PRIMARY KEY (id)) PARTITION BY RANGE (id);
                 CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (8000);
                 CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM (8000) TO (16000) PARTITION BY RANGE (id);
                 CREATE TABLE visits_2a PARTITION OF visits_2 FOR VALUES FROM (8000) TO (16000);
                 INSERT INTO visits SELECT i, 1 + i % 500, (ARRAY['a', 'b'])[1 + i % 2] FROM generate_series(1, 15999) i;
                 ANALYZE",
            )
            .await;
        let reviewed = reviewed(&database.url(), &ReviewOptions::default()).await;
        let visits = reviewed
            .model
            .tables
            .iter()
            .find(|table| table.name.name == "visits")
            .unwrap();
        assert_eq!(visits.rows, Some(15999), "{major}");
        let of_visits: Vec<&str> = reviewed
            .findings
            .iter()
            .filter(|found| found.finding.severity == Severity::Warning)
            .filter(|found| {
                found
                    .relation
                    .as_deref()
                    .is_some_and(|name| name.contains("visits"))
            })
            .map(|found| found.finding.code.as_str())
            .collect();
        assert_eq!(
            of_visits,
            ["schema/foreign-key-unindexed", "schema/value-set-without-check"],
            "{major}: {:#?}",
            lines(&reviewed)
        );
    }
}

#[tokio::test]
async fn a_locked_table_does_not_stop_the_rest() {
    let database = server(*majors().last().unwrap()).await.database("locked").await;
    database
        .execute(
            "CREATE TABLE held (id bigint PRIMARY KEY, a text, b text);
             INSERT INTO held SELECT i, i::text, i::text FROM generate_series(1, 2000) i;
             CREATE TABLE open (a timestamp); ANALYZE",
        )
        .await;
    let holder = database.probe().await;
    holder
        .batch_execute("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    let reviewed = reviewed(&database.url(), &ReviewOptions::default()).await;
    assert!(
        lines(&reviewed).iter().any(|line| line.contains("public.open")),
        "{:#?}",
        lines(&reviewed)
    );
    assert!(
        reviewed
            .skipped
            .iter()
            .any(|skipped| skipped.what.contains("public.held")),
        "{:?}",
        reviewed.skipped
    );
    holder.batch_execute("ROLLBACK").await.unwrap();
}
