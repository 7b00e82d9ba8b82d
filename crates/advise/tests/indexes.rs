//! Advice on real servers: what is advised builds, helps what it should, and nothing is left behind.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use howdah_advise::indexes::{AdviseOptions, Workload, advise, counted, logged, verify};
use howdah_testkit::{ServerOptions, majors, private, server};

mod customers;
use customers::{TABLES, asked, creates, patient, prepared, session};

#[tokio::test]
async fn each_form_is_advised_where_it_helps_and_builds() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        let client = database.probe().await;
        if !has_hypopg {
            // Then advice says what is missing, which is all that there is to test.
            let mut session = session(&database.url()).await;
            let error = advise(
                &mut session,
                &Workload::read("SELECT 1 FROM customers"),
                &patient(),
                &|_| {},
            )
            .await
            .unwrap_err();
            assert!(
                error.message.contains("hypopg") && error.hint.is_some(),
                "{major}: {error:?}"
            );
            continue;
        }
        client.batch_execute("CREATE EXTENSION pg_trgm").await.unwrap();
        for (sql, expected) in [
            ("SELECT name FROM customers WHERE tenant_id = 17", "(tenant_id)"),
            (
                "SELECT id FROM customers WHERE lower(email) = 'user5@example.com'",
                "((lower(email)))",
            ),
            (
                "SELECT id, name FROM customers c WHERE c.tenant_id = 1 ORDER BY c.created_at DESC LIMIT 10",
                "tenant_id, created_at",
            ),
            (
                "SELECT min(created_at) FROM customers WHERE tenant_id = 1",
                "tenant_id, created_at",
            ),
            (
                "SELECT * FROM waiting ORDER BY created_at LIMIT 50",
                "WHERE (state = 'waiting'::text)",
            ),
            (
                "SELECT id FROM customers WHERE email LIKE 'User777%'",
                "btree (email",
            ),
            (
                "SELECT id FROM customers WHERE lower(name) LIKE 'abc%' ORDER BY lower(name) LIMIT 5",
                "btree ((lower(name))",
            ),
            (
                "SELECT id FROM customers WHERE name ~* 'abcd[0-9]'",
                "gin (name gin_trgm_ops)",
            ),
            (
                "SELECT id FROM customers WHERE email ~ '^User777[0-9]'",
                "btree (email",
            ),
            (
                "SELECT id FROM customers WHERE name ILIKE '%abcd%'",
                "gin (name gin_trgm_ops)",
            ),
            (
                "SELECT id FROM customers WHERE attrs @> '{\"k\": 77}'",
                "gin (attrs jsonb_path_ops)",
            ),
            ("SELECT id FROM customers WHERE tags @> ARRAY['t5']", "gin (tags)"),
            (
                "WITH c AS (SELECT id FROM customers WHERE id < 50) SELECT i.total FROM c JOIN invoices i ON i.customer_id = c.id",
                "invoices USING btree (customer_id",
            ),
            (
                "SELECT count(*) FROM customers WHERE tenant_id = $1 AND deleted_at IS NULL",
                "tenant_id",
            ),
            (
                "DELETE FROM customers WHERE id = 7",
                "invoices USING btree (customer_id",
            ),
            (
                "SELECT id FROM customers WHERE tenant_id = 5 FOR UPDATE SKIP LOCKED",
                "(tenant_id",
            ),
        ] {
            let advice = asked(&database, sql).await;
            let text = creates(&advice);
            assert!(
                text.contains(expected),
                "{major}: {sql}\n{text}{:?}",
                advice.not_planned
            );
            let all = format!("BEGIN; {text} ROLLBACK");
            client
                .batch_execute(&all)
                .await
                .unwrap_or_else(|error| panic!("{major}: {text}: {error}"));
            assert!(
                advice.left_percent < 60.0,
                "{major}: {sql} leaves {}",
                advice.left_percent
            );
        }
    }
}

/// A list of numbers is asked for with what most rows have, and will be asked for with what few have.
#[tokio::test]
async fn elements_that_few_rows_have_are_thought_of() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let client = database.probe().await;
        client
            .batch_execute(
                "CREATE TABLE grouped (id int PRIMARY KEY, groups int[] NOT NULL, filler text NOT NULL); \
                 INSERT INTO grouped SELECT i, ARRAY[1, 100 + i % 5000], repeat('x', 100) FROM generate_series(1, 60000) i; \
                 ANALYZE grouped",
            )
            .await
            .unwrap();
        let text = creates(&asked(&database, "SELECT filler FROM grouped WHERE groups @> ARRAY[1]").await);
        assert!(text.contains("gin (groups)"), "{major}: {text}");
    }
}

#[tokio::test]
async fn nothing_is_left_behind_and_two_runs_agree() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the test above.
        }
        let client = database.probe().await;
        let state = "SELECT (SELECT count(*) FROM pg_class) || ' ' || (SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM customers c)";
        let before: String = client.query_one(state, &[]).await.unwrap().get(0);
        let text = "-- weight: 5\nSELECT * FROM customers WHERE tenant_id = 3; SELECT * FROM invoices WHERE customer_id = 4 AND total > 5; \
            DELETE FROM customers WHERE id = 3; UPDATE invoices SET total = 0; INSERT INTO invoices VALUES (-1, 1, 1, NULL)";
        let first = creates(&asked(&database, text).await);
        assert!(!first.is_empty());
        assert_eq!(first, creates(&asked(&database, text).await), "{major}");
        let after: String = client.query_one(state, &[]).await.unwrap().get(0);
        assert_eq!(before, after, "{major}");
    }
}

/// Where hypopg is not in the database: the same advice, and nothing of it is there afterwards.
#[tokio::test]
async fn hypopg_is_created_for_the_moment_where_that_is_allowed() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Its files are not there: see the first test.
        }
        let client = database.probe().await;
        let text = "SELECT * FROM customers WHERE tenant_id = 3; SELECT * FROM invoices WHERE customer_id = 4 AND total > 5; \
            SELECT * FROM nowhere; UPDATE invoices SET total = 0 WHERE id = 4";
        let with = asked(&database, text).await;
        client.batch_execute("DROP EXTENSION hypopg").await.unwrap();
        let mut at_work = session(&database.url()).await;
        let workload = Workload::read(text);
        let refused = advise(&mut at_work, &workload, &patient(), &|_| {})
            .await
            .unwrap_err();
        assert!(
            refused.hint.unwrap().contains("CREATE EXTENSION hypopg"),
            "{major}"
        );
        let options = AdviseOptions {
            create_for_the_moment: true,
            ..patient()
        };
        let state = "SELECT (SELECT count(*) FROM pg_extension) + (SELECT count(*) FROM pg_namespace) + (SELECT count(*) FROM pg_proc)";
        let before: i64 = client.query_one(state, &[]).await.unwrap().get(0);
        let without = advise(&mut at_work, &workload, &options, &|_| {}).await.unwrap();
        assert_eq!(creates(&with), creates(&without), "{major}");
        assert_eq!(without.not_planned.len(), 1, "{major}");
        assert!(
            without.notes.iter().any(|note| note.contains("rolled back")),
            "{major}"
        );
        let after: i64 = client.query_one(state, &[]).await.unwrap().get(0);
        assert_eq!(before, after, "{major}");

        // An event trigger is somebody's code, which would run.
        client
            .batch_execute("CREATE FUNCTION noted() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end'; CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION noted()")
            .await
            .unwrap();
        let refused = advise(&mut at_work, &workload, &options, &|_| {})
            .await
            .unwrap_err();
        assert!(refused.detail.unwrap().contains("event triggers"), "{major}");
        // And who may not create it is told so.
        client
            .batch_execute("DROP EVENT TRIGGER noted; GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
            .await
            .unwrap();
        let mut plain = session(&database.url_as("plain")).await;
        let refused = advise(&mut plain, &workload, &options, &|_| {})
            .await
            .unwrap_err();
        assert!(refused.detail.unwrap().contains("cannot be created"), "{major}");
    }
}

#[tokio::test]
async fn what_cannot_be_planned_is_told_and_the_rest_goes_on() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let client = database.probe().await;
        client
            .batch_execute("CREATE FUNCTION harm(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'begin delete from invoices; return $1; end'")
            .await
            .unwrap();
        let text = "SELECT * FROM nowhere WHERE a = 1; SELEC 1; CREATE TABLE x (); SELECT harm(1) FROM customers; \
            SELECT name FROM customers WHERE tenant_id = 17; SELECT 1 FROM customers WHERE no_column = 1";
        let advice = asked(&database, text).await;
        assert!(creates(&advice).contains("tenant_id"), "{major}: {advice:?}");
        assert_eq!(advice.not_planned.len(), 5, "{major}: {:?}", advice.not_planned);
        let rows: i64 = client
            .query_one("SELECT count(*) FROM invoices", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(rows, 60000, "{major}");
        let nothing = asked(&database, "").await;
        assert!(nothing.indexes.is_empty());
    }
}

#[tokio::test]
async fn hot_updates_and_bounds_are_kept() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        // Read once in a million updates: its index would cost more than it brings.
        let text = "-- weight: 1\nSELECT id FROM invoices WHERE paid_at = '2024-01-01'; \
            -- weight: 1000000\nUPDATE invoices SET paid_at = now() WHERE id = 5;";
        let mut session = session(&database.url()).await;
        let options = AdviseOptions {
            write_factor: 1.1,
            ..patient()
        };
        let advice = advise(&mut session, &Workload::read(text), &options, &|_| {})
            .await
            .unwrap();
        assert!(advice.indexes.is_empty(), "{major}: {}", creates(&advice));
        let options = AdviseOptions {
            budget_bytes: 64 * 1024,
            ..patient()
        };
        let reads = Workload::read("SELECT id FROM invoices WHERE total = 5");
        let advice = advise(&mut session, &reads, &options, &|_| {}).await.unwrap();
        assert!(advice.bytes <= 64 * 1024, "{major}: {advice:?}");
    }
}

#[tokio::test]
async fn the_workload_is_what_the_server_has_counted() {
    for major in majors() {
        let options = ServerOptions {
            major,
            settings: vec![(
                "shared_preload_libraries".to_owned(),
                "pg_stat_statements".to_owned(),
            )],
            ..ServerOptions::default()
        };
        let server = private(options).await;
        let database = server.database("counted").await;
        let client = database.probe().await;
        client.batch_execute(TABLES).await.unwrap();
        client
            .batch_execute("VACUUM ANALYZE customers, invoices")
            .await
            .unwrap();
        let mut session = session(&database.url()).await;
        let error = counted(&mut session).await.unwrap_err();
        assert!(
            error.hint.is_some_and(|hint| hint.contains("CREATE EXTENSION")),
            "{major}"
        );
        client
            .batch_execute("CREATE EXTENSION pg_stat_statements")
            .await
            .unwrap();
        for _ in 0..7 {
            client
                .batch_execute(
                    "SELECT name FROM customers WHERE tenant_id = 17 AND created_at > timestamp '2024-01-02'",
                )
                .await
                .unwrap();
        }
        let (workload, _) = counted(&mut session).await.unwrap();
        let found = workload
            .statements
            .iter()
            .find(|statement| statement.text.contains("tenant_id = $1"));
        let found = found.unwrap_or_else(|| panic!("{major}: {workload:?}"));
        assert!(
            found.weight >= 7.0 && found.text.contains("$2::timestamp"),
            "{major}: {found:?}"
        );
        if client.batch_execute("CREATE EXTENSION hypopg").await.is_ok() {
            let advice = advise(&mut session, &workload, &patient(), &|_| {})
                .await
                .unwrap();
            assert!(creates(&advice).contains("(tenant_id"), "{major}: {advice:?}");
        }
    }
}

#[tokio::test]
async fn the_workload_is_what_the_server_has_logged() {
    for major in majors() {
        let destinations = if major >= 15 {
            "stderr,csvlog,jsonlog"
        } else {
            "stderr,csvlog"
        };
        let settings = [
            ("logging_collector", "on"),
            ("log_destination", destinations),
            ("log_filename", "server.log"),
            ("log_min_duration_statement", "0"),
            // As RDS has it, where it cannot be changed.
            ("log_line_prefix", "%t:%r:%u@%d:[%p]:"),
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
        ];
        let options = ServerOptions {
            major,
            settings: settings
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..ServerOptions::default()
        };
        let server = private(options).await;
        let database = server.database("logged").await;
        let client = database.probe().await;
        client.batch_execute(TABLES).await.unwrap();
        client
            .batch_execute("VACUUM ANALYZE customers, invoices")
            .await
            .unwrap();
        let by_tenant = "SELECT name FROM customers\nWHERE tenant_id = $1 AND name <> $2";
        for tenant in [17, 18, 17] {
            client.query(by_tenant, &[&tenant, &"it's"]).await.unwrap();
        }
        client
            .batch_execute("SELECT id FROM customers WHERE email = 'User7@example.com' -- the log's mark\n")
            .await
            .unwrap();
        let directory: String = client
            .query_one("SELECT current_setting('data_directory') || '/log'", &[])
            .await
            .unwrap()
            .get(0);
        let names = ["server.log", "server.csv", "server.json"];
        for name in &names[..destinations.split(',').count()] {
            let file = std::path::Path::new(&directory).join(name);
            let mut text = String::new();
            // The collector writes when it gets to it.
            for _ in 0..600 {
                text = std::fs::read_to_string(&file).unwrap_or_default();
                if text.matches("the log's mark").count() >= 2 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let mut session = session(&database.url()).await;
            let (workload, notes) = logged(&mut session, &text).await.unwrap();
            let of = |part: &str| {
                let found = workload.statements.iter().filter(|one| one.text.contains(part));
                found.collect::<Vec<_>>()
            };
            let found = of("tenant_id = $1");
            let calls: f64 = found.iter().map(|one| one.weight).sum();
            assert_eq!(
                (found.len(), calls),
                (2, 3.0),
                "{major} {name}: {workload:?} {notes:?}"
            );
            let first = [Some("17".to_owned()), Some("it's".to_owned())];
            assert_eq!(found[0].values, first, "{major} {name}");
            assert!(found[0].ms.is_some_and(|ms| ms > 0.0), "{major} {name}");
            assert_eq!(of("the log's mark").len(), 1, "{major} {name}: {workload:?}");
            if client
                .batch_execute("CREATE EXTENSION IF NOT EXISTS hypopg")
                .await
                .is_ok()
            {
                let advice = advise(&mut session, &workload, &patient(), &|_| {})
                    .await
                    .unwrap();
                let made = creates(&advice);
                assert!(
                    made.contains("(tenant_id") && made.contains("(email"),
                    "{major} {name}: {advice:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_advised_is_verified_in_a_copy() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let (copy, _) = prepared(server(major).await).await;
        // In the copy all are waiting, so that no index helps to find whole rows;
        // and some have one name and one tenant.
        let client = copy.probe().await;
        for statement in [
            "UPDATE customers SET state = 'waiting'",
            "UPDATE customers SET name = 'x', tenant_id = 999 WHERE id % 50 = 0",
            "VACUUM ANALYZE customers",
        ] {
            client.batch_execute(statement).await.unwrap();
        }
        let text = "SELECT * FROM customers WHERE state = 'waiting'; SELECT id FROM invoices WHERE total = 5; \
            SELECT attrs FROM customers WHERE name = 'x' AND tenant_id = 999";
        let mut advice = asked(&database, text).await;
        let advised = creates(&advice);
        assert!(
            advised.contains("(state)") && advised.contains("(total"),
            "{major}: {advised}"
        );
        let (mut target, mut other) = (session(&database.url()).await, session(&copy.url()).await);
        verify(&mut target, &mut other, &mut advice, &|_| {})
            .await
            .unwrap();
        let verified = advice.verified.clone().unwrap();
        let kept = creates(&advice);
        assert!(
            kept.contains("(total") && !kept.contains("(state)"),
            "{major}: {verified:?}"
        );
        assert!(
            verified
                .dropped
                .iter()
                .any(|dropped| dropped.create.contains("(state)")),
            "{major}: {verified:?}"
        );
        let together = verified
            .statistics
            .iter()
            .find(|one| one.create.contains("name, tenant_id"));
        assert!(
            together.is_some_and(|one| one.rows == 800.0),
            "{major}: {verified:?}"
        );
        // Nothing is left there, and the database itself is not taken for a copy.
        let left: i64 = client
            .query_one(
                "SELECT count(*) FROM pg_class WHERE relname LIKE 'howdah%' OR relname LIKE '%stat'",
                &[],
            )
            .await
            .unwrap()
            .get(0);
        assert_eq!(left, 0, "{major}");
        let mut same = session(&database.url()).await;
        let refused = verify(&mut target, &mut same, &mut advice, &|_| {})
            .await
            .unwrap_err();
        assert!(refused.message.contains("itself"), "{major}: {refused:?}");
    }
}
