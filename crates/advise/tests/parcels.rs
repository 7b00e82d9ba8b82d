//! Advice for what a program says about rows: those that it shuts out, columns that it compares, where it goes on
//! reading, and what is first of its kind.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use howdah_advise::indexes::{Advice, AdviseOptions, Workload, advise};
use howdah_core::Config;
use howdah_pg::{Session, Targets};
use howdah_testkit::tokio_postgres::Client;
use howdah_testkit::{Database, majors, server};

/// Of every 250 parcels one is a draft, which was never sent, one is lost, and one is not paid in full.
const PARCELS: &str = "
    CREATE TABLE parcels (id int PRIMARY KEY, depot int NOT NULL, state text NOT NULL, street text NOT NULL, due int NOT NULL, paid int NOT NULL,
        sent_at timestamp, weight int NOT NULL);
    INSERT INTO parcels SELECT i, CASE WHEN i % 3 = 0 THEN 1 ELSE i % 300 END, CASE i % 250 WHEN 0 THEN 'draft' WHEN 1 THEN 'lost' ELSE
        (ARRAY['sent', 'done'])[1 + i % 2] END, md5(i::text), i % 1000, i % 1000 - (i % 250 = 2)::int,
        CASE WHEN i % 250 > 0 THEN timestamp '2024-01-01' + i * interval '1 minute' END, i * 7919 % 10000
    FROM generate_series(1, 60000) i;
    SET default_statistics_target = 1000; VACUUM ANALYZE parcels";

const STATEMENTS: &str = "
    SELECT id, weight FROM parcels WHERE state NOT IN ('sent', 'done') ORDER BY weight DESC LIMIT 20;
    SELECT id, depot FROM parcels WHERE state <> 'done' AND state <> 'sent' AND depot = 7;
    SELECT sum(due - paid) FROM parcels WHERE paid < due;
    SELECT id, street FROM parcels WHERE depot = 1 AND (street, id) > ('c', 5) ORDER BY street, id LIMIT 25;
    SELECT depot, count(*) FROM parcels WHERE sent_at >= '2024-02-01' AND sent_at < '2024-02-02' GROUP BY depot;
    SELECT min(sent_at) FROM parcels WHERE state = 'draft' AND depot = 1";

/// Rows that each scan of a plan that ran looked at.
fn looked_at(plan: &str) -> u64 {
    let number = |line: &str, before: &str| {
        let digits = line.split_once(before)?.1;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse::<u64>().ok()
    };
    plan.lines()
        .filter_map(|line| {
            let removed = number(line, "Rows Removed by Filter: ");
            let found = || number(line.split_once("(actual")?.1, "rows=").filter(|_| line.contains("Scan"));
            removed.or_else(found)
        })
        .sum()
}

/// A session on a database with the parcels; none where the server has no hypopg, for which other tests say what is told.
async fn prepared<'a>(database: &Database<'a>) -> Option<Session> {
    let client = database.probe().await;
    for statement in PARCELS.split(';') {
        client.batch_execute(statement).await.unwrap();
    }
    client.batch_execute("CREATE EXTENSION hypopg").await.ok()?;
    let targets = Targets::load(&Config::default(), Some(&database.url()), None).unwrap();
    Some(targets.get(None).unwrap().session().await.unwrap())
}

/// Long enough for a slow machine, so that the answer does not depend on it.
fn patient() -> AdviseOptions {
    AdviseOptions {
        time: Duration::from_secs(300),
        ..AdviseOptions::default()
    }
}

fn creates(advice: &Advice) -> Vec<&str> {
    advice.indexes.iter().map(|index| index.create.as_str()).collect()
}

/// Builds what is advised, and runs what it was advised for.
async fn few_rows_are_looked_at(client: &Client, creates: &[&str], statements: &str, major: u16) {
    for create in creates {
        client.batch_execute(create).await.unwrap();
    }
    client.batch_execute("VACUUM ANALYZE parcels").await.unwrap();
    for statement in statements.split(';') {
        let rows = client
            .query(&format!("EXPLAIN (ANALYZE, TIMING OFF) {statement}"), &[])
            .await
            .unwrap();
        let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let plan = lines.join("\n");
        assert!(
            looked_at(&plan) <= 4_000,
            "{major}: {statement}\n{plan}\n{creates:#?}"
        );
    }
}

#[tokio::test]
async fn what_a_statement_says_of_rows_is_answered_without_looking_at_the_others() {
    for major in majors() {
        let database = server(major).await.database("parcels").await;
        let Some(mut session) = prepared(&database).await else {
            continue;
        };
        let client = database.probe().await;
        let advice = advise(&mut session, &Workload::read(STATEMENTS), &patient(), &|_| {})
            .await
            .unwrap();
        let creates = creates(&advice);
        let has = |part: &str| creates.iter().any(|create| create.contains(part));
        assert!(has("WHERE (state <> ALL"), "{major}: {creates:#?}");
        assert!(has("WHERE (paid < due)"), "{major}: {creates:#?}");
        few_rows_are_looked_at(&client, &creates, STATEMENTS, major).await;
    }
}

/// The dates are indexed for one statement. Another looks for the first and the last of those that none has: through
/// such an index it would read all of the table out of order, for which a plan with a LIMIT takes a moment only.
#[tokio::test]
async fn no_index_makes_another_statement_search_in_vain() {
    let text = "-- weight: 50
        SELECT depot, count(*) FROM parcels WHERE sent_at >= '2024-02-01' AND sent_at < '2024-02-02' GROUP BY depot;
        SELECT min(sent_at), max(sent_at) FROM parcels WHERE state = 'draft' AND depot < 250;
        SELECT s.n, (SELECT id FROM parcels p WHERE p.state = 'draft' AND p.weight > s.n AND p.sent_at > '2023-01-01' ORDER BY p.sent_at LIMIT 1)
        FROM generate_series(1, 2) s(n)";
    for major in majors() {
        let database = server(major).await.database("in_vain").await;
        let Some(mut session) = prepared(&database).await else {
            continue;
        };
        let client = database.probe().await;
        let advice = advise(&mut session, &Workload::read(text), &patient(), &|_| {})
            .await
            .unwrap();
        let creates = creates(&advice);
        assert!(
            creates.iter().any(|create| create.contains("sent_at")),
            "{major}: {creates:#?}"
        );
        few_rows_are_looked_at(&client, &creates, text, major).await;
    }
}

/// A search that ends early says so, has an answer, and has the same again.
#[tokio::test]
async fn what_ends_the_search_is_work_and_not_the_clock() {
    for major in majors() {
        let database = server(major).await.database("early").await;
        let Some(mut session) = prepared(&database).await else {
            continue;
        };
        let workload = Workload::read(STATEMENTS);
        let early = AdviseOptions {
            plans: Some(30),
            ..patient()
        };
        let first = advise(&mut session, &workload, &early, &|_| {}).await.unwrap();
        let again = advise(&mut session, &workload, &early, &|_| {}).await.unwrap();
        assert_eq!(creates(&first), creates(&again), "{major}");
        assert!(
            !first.indexes.is_empty() && first.left_percent < 90.0,
            "{major}: {first:?}"
        );
        let says = |advice: &Advice, what: &str| advice.notes.iter().any(|note| note.contains(what));
        assert!(
            says(&first, "The search ended after"),
            "{major}: {:?}",
            first.notes
        );
        let whole = advise(&mut session, &workload, &patient(), &|_| {})
            .await
            .unwrap();
        assert!(!says(&whole, "ended"), "{major}: {:?}", whole.notes);
        assert!(first.plans < whole.plans, "{major}");
        // No time at all: then it is the clock, and that is said.
        let hurried = AdviseOptions {
            time: Duration::ZERO,
            plans: Some(1_000_000),
            ..AdviseOptions::default()
        };
        let hurried = advise(&mut session, &workload, &hurried, &|_| {}).await.unwrap();
        assert!(
            says(&hurried, "The clock ended the search"),
            "{major}: {:?}",
            hurried.notes
        );
    }
}
