//! What a workload may hold: texts as pg_stat_statements writes them, values that no index takes, types that have no
//! order, functions that do harm; whatever is advised builds, and nothing of it is run.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use howdah_advise::indexes::{Advice, AdviseOptions, Workload, advise};
use howdah_core::Config;
use howdah_pg::{Session, Targets};
use howdah_testkit::tokio_postgres::Client;
use howdah_testkit::{Database, majors, server};

const TABLES: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE DOMAIN small AS positive;
    CREATE TABLE people (id bigint PRIMARY KEY, tenant int NOT NULL, email text NOT NULL, state text NOT NULL, data jsonb NOT NULL,
        born date NOT NULL, at timestamp NOT NULL, seen timestamptz NOT NULL, score numeric NOT NULL, key uuid NOT NULL, active bool NOT NULL,
        feels mood NOT NULL, level small NOT NULL, mac macaddr NOT NULL, span int4range NOT NULL, line lseg NOT NULL, points point[] NOT NULL);
    INSERT INTO people SELECT i, i % 400, 'user' || i || '@example.com', CASE WHEN i % 200 = 0 THEN 'waiting' ELSE 'done' END,
        jsonb_build_object('k', i % 3000), date '2020-01-01' + i % 2000, timestamp '2024-01-01' + i * interval '1 minute',
        timestamptz '2024-01-01 00:00+00' + i * interval '1 minute', (i % 1000) / 4.0, md5(i::text)::uuid, i % 300 > 0,
        (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood, 1 + i % 3000, '08:00:2b:01:02:03', int4range(i, i + 5),
        lseg(point(i, i), point(i + 1, i)), ARRAY[point(i, i)]
    FROM generate_series(1, 30000) i;
    CREATE TABLE papers (id int PRIMARY KEY, author int NOT NULL, slug text NOT NULL, body text NOT NULL);
    INSERT INTO papers SELECT i, i % 2000, 'slug-' || i, CASE WHEN i % 50 = 7
        THEN (SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 150) j) ELSE 'short ' || i END
    FROM generate_series(1, 20000) i;
    CREATE TABLE classed (id int PRIMARY KEY, name text NOT NULL, filler text NOT NULL);
    INSERT INTO classed SELECT i, 'n' || i % 7000, repeat('x', 60) FROM generate_series(1, 30000) i;
    CREATE INDEX ON classed (name text_pattern_ops);
    CREATE FUNCTION chosen(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';";

/// Functions of one name: what is planned is run where it is declared immutable, whatever it does.
const HARM: &str = "
    CREATE FUNCTION chosen(text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'begin execute ''select 1''; raise exception ''was run''; end';
    CREATE FUNCTION chosen(bigint) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'begin execute ''select 1''; raise exception ''was run''; end';
    CREATE FUNCTION chosen(numeric) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'begin execute ''select 1''; raise exception ''was run''; end';";

/// A session on a database with the tables; none where the server has no hypopg, for which other tests say what is told.
async fn prepared(database: &Database<'_>) -> Option<(Session, Client)> {
    let client = database.probe().await;
    client.batch_execute(TABLES).await.unwrap();
    client
        .batch_execute("VACUUM ANALYZE people, papers, classed")
        .await
        .unwrap();
    client.batch_execute("CREATE EXTENSION hypopg").await.ok()?;
    let targets = Targets::load(&Config::default(), Some(&database.url()), None).unwrap();
    let session = targets.get(None).unwrap().session().await.unwrap();
    Some((session, client))
}

async fn asked(session: &mut Session, text: &str) -> Advice {
    let patient = AdviseOptions {
        time: Duration::from_secs(300),
        ..AdviseOptions::default()
    };
    advise(session, &Workload::read(text), &patient, &|_| {})
        .await
        .unwrap()
}

/// What is advised for a statement, having been built and taken back.
async fn built(session: &mut Session, client: &Client, sql: &str) -> (String, Advice) {
    let advice = asked(session, sql).await;
    let mut all = String::new();
    for index in &advice.indexes {
        let attempt = format!("BEGIN; {} ROLLBACK", index.create);
        if let Err(error) = client.batch_execute(&attempt).await {
            panic!("{sql}: {}: {error:?}", index.create);
        }
        all.push_str(&index.create);
        all.push('\n');
    }
    (all, advice)
}

#[tokio::test]
async fn constants_that_became_parameters_are_given_types_and_values() {
    for major in majors() {
        let database = server(major).await.database("parameters").await;
        let Some((mut session, client)) = prepared(&database).await else {
            continue;
        };
        for (sql, expected) in [
            ("SELECT id FROM people WHERE at > now() - interval $1", "(at"),
            ("SELECT id FROM people WHERE at > now() - interval $1 day", "(at"),
            ("SELECT id FROM people WHERE at > now() - $1 * interval $2", "(at"),
            (
                "SELECT id FROM people WHERE at = timestamp without time zone $1",
                "(at",
            ),
            ("SELECT id FROM people WHERE key = uuid $1", "(key"),
            ("SELECT id FROM people WHERE tenant IN ($1 /*, ... */)", "(tenant"),
            (
                "SELECT id FROM people WHERE tenant = ANY(ARRAY[$1, $2])",
                "(tenant",
            ),
            (
                "SELECT id FROM people WHERE tenant = $1 ORDER BY at FETCH FIRST $2 ROWS ONLY",
                "(tenant, at",
            ),
            (
                "SELECT extract($1 FROM at) FROM people WHERE tenant = $2",
                "(tenant",
            ),
            (
                "SELECT id FROM people WHERE born >= current_date - $1 AND tenant = $2",
                "tenant",
            ),
            (
                "SELECT sum(CASE WHEN state = $1 THEN $2 ELSE $3 END) FROM people WHERE tenant = $4",
                "(tenant",
            ),
            (
                "SELECT p.id FROM generate_series($1, $2) s JOIN people p ON p.tenant = s",
                "(tenant",
            ),
            (
                "SELECT substring(email FROM $1 FOR $2) FROM people WHERE tenant = $3",
                "(tenant",
            ),
            ("SELECT id FROM people WHERE $1 = $2 AND tenant = $3", "(tenant"),
            (
                "SELECT id FROM people WHERE ($1 IS NULL OR state = $2) AND tenant = $3",
                "tenant",
            ),
            ("SELECT id FROM people WHERE feels = $1 AND level = $2", "level"),
            ("SELECT id FROM people WHERE mac = $1 AND level = $2", "level"),
            ("SELECT id FROM people WHERE span && $1", "gist (span)"),
            ("SELECT id FROM people WHERE level = $1", "(level"),
            (
                "SELECT date_trunc($1, at), count(*) FROM people WHERE tenant = $2 GROUP BY date_trunc($3, at) ORDER BY date_trunc($4, at)",
                "(tenant",
            ),
            (
                "SELECT data ->> $1, count(*) FROM people WHERE tenant = $2 GROUP BY data ->> $3",
                "(tenant",
            ),
        ] {
            let (all, advice) = built(&mut session, &client, sql).await;
            assert!(
                all.contains(expected),
                "{major}: {sql}: {all} {:?}",
                advice.not_planned
            );
            assert!(!all.contains("value"), "{major}: {sql}: {all}");
        }
    }
}

#[tokio::test]
async fn nothing_is_built_on_what_was_made_up_for_a_parameter() {
    for major in majors() {
        let database = server(major).await.database("made_up").await;
        let Some((mut session, client)) = prepared(&database).await else {
            continue;
        };
        for sql in [
            "SELECT id FROM people WHERE data ->> $1 = $2",
            "SELECT id FROM people WHERE date_trunc($1, at) = $2",
            "SELECT id FROM people WHERE (seen AT TIME ZONE $1)::date = $2",
        ] {
            let (all, advice) = built(&mut session, &client, sql).await;
            assert!(!all.contains("(("), "{major}: {sql}: {all}");
            assert!(
                advice
                    .notes
                    .iter()
                    .any(|note| note.contains("computed with a parameter")),
                "{major}: {sql}: {:?}",
                advice.notes
            );
        }
        for sql in [
            "SELECT id FROM people WHERE state = $1 ORDER BY at LIMIT $2",
            "SELECT id FROM people WHERE active = $1 AND level = $2",
        ] {
            let (all, _) = built(&mut session, &client, sql).await;
            assert!(!all.contains("WHERE"), "{major}: {sql}: {all}");
        }
        // Where the values are told, they are no guess.
        let known = "-- parameters: $1 = 'k', $2 = '7'\nSELECT id FROM people WHERE data ->> $1 = $2";
        let (all, _) = built(&mut session, &client, known).await;
        assert!(all.contains("((data ->> 'k'::text))"), "{major}: {all}");
    }
}

#[tokio::test]
async fn what_has_no_room_or_no_order_in_an_index_is_not_advised() {
    for major in majors() {
        let database = server(major).await.database("no_room").await;
        let Some((mut session, client)) = prepared(&database).await else {
            continue;
        };
        for (sql, expected) in [
            ("SELECT body FROM papers WHERE author = 5", "(author"),
            ("SELECT id FROM papers WHERE body = 'short 5'", "hash (body)"),
            ("SELECT id FROM papers WHERE slug = 'slug-5'", "(slug"),
            ("SELECT id FROM papers ORDER BY body LIMIT 5", ""),
            (
                "SELECT id FROM papers WHERE lower(body) = 'short 5'",
                "hash ((lower(body)))",
            ),
            ("SELECT id FROM papers WHERE body LIKE 'short 77%'", ""),
            ("SELECT id FROM people WHERE line <@ box '((1,1),(2,2))'", ""),
            ("SELECT id FROM people WHERE points @> ARRAY[point(1,1)]", ""),
            // One that is there serves comparisons of patterns alone.
            (
                "SELECT id FROM classed WHERE name > 'n6' ORDER BY name LIMIT 5",
                "(name",
            ),
        ] {
            let (all, advice) = built(&mut session, &client, sql).await;
            assert!(
                all.contains(expected),
                "{major}: {sql}: {all} {:?}",
                advice.not_planned
            );
            assert!(!expected.is_empty() || all.is_empty(), "{major}: {sql}: {all}");
            if sql.contains("ORDER BY body") {
                assert!(
                    advice.notes.iter().any(|note| note.contains("2,704")),
                    "{major}: {:?}",
                    advice.notes
                );
            }
        }
    }
}

/// Samples of one template differ in their constants, and so in which function of a name they call.
#[tokio::test]
async fn no_sample_of_a_statement_runs_what_another_does_not() {
    for major in majors() {
        let database = server(major).await.database("overloaded").await;
        let Some((mut session, client)) = prepared(&database).await else {
            continue;
        };
        client.batch_execute(HARM).await.unwrap();
        let text = "SELECT id FROM people WHERE tenant = 7; SELECT id FROM people WHERE tenant = chosen(5); SELECT id FROM people WHERE tenant = chosen('a'); \
            SELECT id FROM people WHERE tenant = chosen(99999999999); SELECT id FROM people WHERE level = chosen(6); \
            SELECT id FROM people WHERE level = chosen(0.5); SELECT id FROM people WHERE score = 5 AND tenant = chosen(5)";
        let (all, advice) = built(&mut session, &client, text).await;
        assert!(all.contains("(tenant"), "{major}: {all}");
        let reasons: Vec<&str> = advice.not_planned.iter().map(|one| one.reason.as_str()).collect();
        assert_eq!(reasons.len(), 3, "{major}: {reasons:?}");
        for reason in reasons {
            assert!(
                reason.contains("chosen") && !reason.contains("was run"),
                "{major}: {reason}"
            );
        }
    }
}

#[tokio::test]
async fn what_reads_no_table_of_the_application_is_told() {
    for major in majors() {
        let database = server(major).await.database("others").await;
        let Some((mut session, _)) = prepared(&database).await else {
            continue;
        };
        let advice = asked(
            &mut session,
            "SELECT relname FROM pg_class WHERE relpages = 5; SELECT id FROM people WHERE tenant = 5",
        )
        .await;
        assert_eq!(
            (advice.statements, advice.not_planned.len()),
            (1, 1),
            "{major}: {advice:?}"
        );
        assert!(advice.not_planned[0].reason.contains("catalogs"), "{major}");
    }
}
