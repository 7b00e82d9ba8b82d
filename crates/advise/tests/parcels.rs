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

/// What gains little for one statement and makes another slower, for which there is no cure, is left: no index holds
/// what a function says that goes by the session's settings.
#[tokio::test]
async fn what_slows_a_statement_down_has_to_bring_more_than_that() {
    let late = "SELECT id FROM parcels WHERE to_char(sent_at, 'YYYY') = '1999' AND to_char(sent_at, 'DDD') < '200' ORDER BY sent_at LIMIT 1";
    let dated = "SELECT count(weight) FROM parcels WHERE sent_at >= '2024-02-01' AND sent_at < '2024-02-02'";
    // So many statements that no index helps that none counts for more than a fraction.
    let whole = |n: u32| {
        format!("SELECT state, sum(due * {n} + paid), max(street), max(weight) FROM parcels GROUP BY state;")
    };
    let beside: String = std::iter::once(format!("{dated};"))
        .chain((1..=12).map(whole))
        .collect();
    for major in majors() {
        let database = server(major).await.database("slower").await;
        let Some(mut session) = prepared(&database).await else {
            continue;
        };
        let client = database.probe().await;
        let mut for_dates = async |text: &str| {
            let workload = Workload::read(text);
            let advice = advise(&mut session, &workload, &patient(), &|_| {})
                .await
                .unwrap();
            let creates = advice.indexes.iter().map(|index| index.create.clone());
            creates
                .filter(|create| create.contains("sent_at"))
                .collect::<Vec<_>>()
        };
        let alone = for_dates(&beside).await;
        assert_eq!(alone.len(), 1, "{major}: {alone:?}");
        let with_the_other = for_dates(&format!("{beside}{late};")).await;
        assert_eq!(with_the_other, Vec::<String>::new(), "{major}");
        // And so it is: through the index the other looks at every row, one after the other, and finds none.
        client.batch_execute(&alone[0]).await.unwrap();
        client.batch_execute("VACUUM ANALYZE parcels").await.unwrap();
        let rows = client.query(&format!("EXPLAIN {late}"), &[]).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(plan.iter().any(|line| line.contains("Index Scan")), "{plan:#?}");
    }
}

/// Expressions and predicates are of use wherever a statement names their relation.
#[tokio::test]
async fn what_is_not_named_first_is_seen_too() {
    let statements = "
        SELECT d.name, p.id FROM depots d JOIN parcels p ON p.depot = d.id WHERE upper(p.street) = 'C4CA4238A0B923820DCC509A6F75849B';
        SELECT d.name, p.id FROM depots d LEFT JOIN parcels p ON p.depot = d.id WHERE p.paid < p.due AND d.id > 3";
    for major in majors() {
        let database = server(major).await.database("joined").await;
        let Some(mut session) = prepared(&database).await else {
            continue;
        };
        let client = database.probe().await;
        let depots = "CREATE TABLE depots (id int PRIMARY KEY, name text); INSERT INTO depots SELECT i, 'depot ' || i FROM generate_series(0, 300) i; ANALYZE depots";
        client.batch_execute(depots).await.unwrap();
        let advice = advise(&mut session, &Workload::read(statements), &patient(), &|_| {})
            .await
            .unwrap();
        let creates = creates(&advice);
        for part in ["((upper(street)))", "WHERE (paid < due)"] {
            let bare = part.replace("))", ")");
            assert!(
                creates.iter().any(|create| create.contains(&bare)),
                "{major}: {part}: {creates:#?}"
            );
        }
        few_rows_are_looked_at(&client, &creates, statements, major).await;
    }
}

/// Where there is no room for an index for each of several statements, one carries what all of them read.
#[tokio::test]
async fn one_index_carries_what_several_would() {
    let of = |what: &str, from: u32| {
        let to = from + 800;
        format!("SELECT sum({what}) FROM parcels WHERE weight >= {from} AND weight < {to};")
    };
    let statements = [of("due", 500), of("paid", 2500), of("depot", 4500)].concat();
    for major in majors() {
        let database = server(major).await.database("merged").await;
        let Some(mut session) = prepared(&database).await else {
            continue;
        };
        // Rows are seen to be visible to all once no transaction of another test is older than they are.
        let client = database.probe().await;
        loop {
            client.batch_execute("VACUUM parcels").await.unwrap();
            let sql = "SELECT relallvisible = relpages FROM pg_class WHERE relname = 'parcels'";
            if client.query_one(sql, &[]).await.unwrap().get(0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let narrow = AdviseOptions {
            budget_bytes: 3 * 1024 * 1024,
            ..patient()
        };
        let advice = advise(&mut session, &Workload::read(&statements), &narrow, &|_| {})
            .await
            .unwrap();
        assert_eq!(
            creates(&advice),
            ["CREATE INDEX ON public.parcels USING btree (weight) INCLUDE (depot, due, paid);"],
            "{major}"
        );
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
