//! A large schema.

use std::time::Instant;

use howdah_checks::{Settings, Status, health_checks};
use howdah_testkit::{ServerOptions, majors, private};

use super::pass;

/// Tables, each with ten columns, a foreign key, a sequence and three indexes. The budget is for
/// 10,000; `HOWDAH_HEALTH_TABLES=10000` makes so many.
fn tables() -> u64 {
    std::env::var("HOWDAH_HEALTH_TABLES").map_or(1000, |number| number.parse().unwrap())
}

#[tokio::test]
async fn a_large_schema_is_looked_over_in_seconds() {
    let tables = tables();
    let server = private(ServerOptions {
        major: *majors().last().unwrap(),
        settings: vec![("shared_buffers".into(), "128MB".into())],
        hba: None,
    })
    .await;
    let database = server.database("scale").await;
    database
        .execute(&format!(
            "CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
             BEGIN
                 FOR i IN 1..{tables} LOOP
                     EXECUTE format('CREATE TABLE things_%s (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES things_%s,
                         name varchar(50), status text DEFAULT ''new'', price float8, at timestamp DEFAULT now(), email text NOT NULL,
                         note text, extra json, seen boolean)', i, i);
                     EXECUTE format('CREATE INDEX ON things_%s (name); CREATE INDEX ON things_%s (name, status)', i, i);
                     IF i % 2 = 0 THEN
                         EXECUTE format('INSERT INTO things_%s (name, email) SELECT ''n'' || g, ''e'' || g FROM generate_series(1, 20) g', i);
                         EXECUTE format('ANALYZE things_%s', i);
                     END IF;
                     IF i % 200 = 0 THEN COMMIT; END IF;
                 END LOOP;
             END $$;"
        ))
        .await;
    database.execute("CALL fill()").await;
    database
        .execute("VACUUM ANALYZE pg_class, pg_attribute, pg_index, pg_constraint, pg_depend, pg_statistic")
        .await;
    for role in ["postgres", "plain"] {
        let started = Instant::now();
        let pass = pass(&database.url_as(role), &health_checks(), &Settings::default()).await;
        let took = started.elapsed();
        eprintln!(
            "{role}: {tables} tables, {} checks in {took:?}; {}",
            pass.results.len(),
            memory()
        );
        for result in &pass.results {
            assert!(
                !result.message.contains("took longer") && !result.message.starts_with("The server refused"),
                "{result:#?}"
            );
        }
        let sequences = pass
            .results
            .iter()
            .find(|result| result.code == "sequence-exhaustion")
            .unwrap();
        assert_eq!(sequences.figures["sequences"], tables);
        assert!(sequences.status <= Status::Ok, "{sequences:#?}");
        // A build without optimisation, on a machine that does other things too.
        let budget_s = 50.0 * (tables as f64 / 10_000.0).max(0.2);
        assert!(took.as_secs_f64() < budget_s, "{took:?} > {budget_s} s");
    }
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    peak.unwrap_or_default().to_owned()
}
