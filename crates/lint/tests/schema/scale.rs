use std::time::Instant;

use howdah_lint::schema::ReviewOptions;
use howdah_testkit::{ServerOptions, majors, private};

use super::{lines, session};

/// Tables, each with nine columns, a foreign key and three indexes, half of them analysed. How long 10,000 take
/// is seen with `HOWDAH_REVIEW_TABLES=10000` and `--nocapture` in a release build.
fn tables() -> u64 {
    std::env::var("HOWDAH_REVIEW_TABLES").map_or(2000, |number| number.parse().unwrap())
}

#[tokio::test]
async fn a_large_schema_is_reviewed_whole() {
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
                     EXECUTE format('CREATE TABLE things_%s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint REFERENCES things_%s,
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
        let mut session = session(&database.url_as(role)).await;
        let started = Instant::now();
        let reviewed = howdah_lint::schema::review(&mut session, &[], &ReviewOptions::default(), true)
            .await
            .unwrap();
        let took = started.elapsed();
        eprintln!(
            "{role}: {tables} tables, {} findings in {took:?}; {}",
            reviewed.findings.len(),
            memory()
        );
        assert_eq!(reviewed.model.tables.len() as u64, tables);
        assert!(
            reviewed.findings.len() as u64 >= 5 * tables,
            "{:#?}",
            &lines(&reviewed)[..10]
        );
        let of_some = ReviewOptions {
            most_findings: 500,
            sample: false,
            ..ReviewOptions::default()
        };
        let of_all = ReviewOptions {
            most_findings: usize::MAX,
            ..of_some.clone()
        };
        let some = howdah_lint::schema::review(&mut session, &[], &of_some, true)
            .await
            .unwrap();
        let all = howdah_lint::schema::review(&mut session, &[], &of_all, true)
            .await
            .unwrap();
        assert_eq!(some.findings, all.findings[..500], "the worst are kept");
        assert_eq!(some.counted, all.counted, "all are counted");
        assert_eq!(all.counted.values().sum::<usize>(), all.findings.len());
    }
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    peak.unwrap_or_default().to_owned()
}
