//! Advice on real servers: forms of index that the planner does not see, or makes too much of.
#![allow(clippy::unwrap_used)]

use howdah_testkit::{majors, server};

mod customers;
use customers::{asked, creates, prepared};

/// Of the extension's indexes on expressions and with predicates the planner sees only those of the first relation.
#[tokio::test]
async fn expressions_are_thought_of_behind_views_and_in_joins() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let client = database.probe().await;
        client
            .batch_execute(
                "CREATE VIEW kept AS SELECT id, email, name, state FROM customers WHERE deleted_at IS NULL",
            )
            .await
            .unwrap();
        for (sql, expected) in [
            (
                "SELECT name FROM kept WHERE lower(email) = 'user5@example.com'",
                "customers USING btree ((lower(email)))",
            ),
            (
                "SELECT i.total, c.name FROM invoices i JOIN customers c ON c.id = i.customer_id WHERE i.id < 50 AND lower(c.email) = 'user5@example.com'",
                "customers USING btree ((lower(email)), id)",
            ),
            (
                "SELECT k.name FROM kept k WHERE k.state IN ('waiting', 'lost')",
                "(state)",
            ),
        ] {
            let advice = asked(&database, sql).await;
            let text = creates(&advice);
            assert!(text.contains(expected), "{major}: {sql}\n{text}");
            assert!(
                advice.left_percent < 60.0,
                "{major}: {sql} leaves {}",
                advice.left_percent
            );
        }
    }
}

/// The rows that a predicate picks are in the order that is asked for, not in that of a value which all of them share.
#[tokio::test]
async fn what_all_rows_share_is_no_key() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let client = database.probe().await;
        client
            .batch_execute(
                "CREATE TABLE posts (id int PRIMARY KEY, published boolean NOT NULL, seen_at timestamp, at timestamp NOT NULL, body text NOT NULL); \
                 INSERT INTO posts SELECT i, i % 25 <> 0, CASE WHEN i % 100 <> 0 THEN now() END, now() - hashint4(i) % 100000 * interval '1 minute', repeat('x', 200) \
                 FROM generate_series(1, 60000) i; ANALYZE posts",
            )
            .await
            .unwrap();
        let queue = "SELECT id, body FROM posts WHERE NOT published AND seen_at IS NULL ORDER BY at LIMIT 50";
        let text = creates(&asked(&database, queue).await);
        assert!(
            text.contains("btree (at) WHERE (NOT published)"),
            "{major}: {text}"
        );
        let all = "SELECT id, body FROM posts WHERE NOT published AND seen_at IS NULL";
        let text = creates(&asked(&database, all).await);
        assert!(
            text.contains("WHERE (NOT published) AND (seen_at IS NULL)"),
            "{major}: {text}"
        );
    }
}

/// Looking up one row by its key costs what it costs: no index beside that of the key makes it quicker.
#[tokio::test]
async fn what_is_quick_already_gets_no_index() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let text = "SELECT state FROM customers WHERE id = 7; UPDATE customers SET tenant_id = tenant_id + 1 WHERE id = 7;";
        let advice = asked(&database, text).await;
        assert!(advice.indexes.is_empty(), "{major}: {}", creates(&advice));
    }
}

/// A statement for each row costs more by itself than an index makes of it.
#[tokio::test]
async fn a_statement_that_writes_costs_beside_its_rows() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let of = async |rows: &str| {
            let text = format!("SELECT id FROM invoices WHERE total = 5; INSERT INTO invoices {rows};");
            let advice = asked(&database, &text).await;
            assert_eq!(advice.indexes.len(), 1, "{major}: {}", creates(&advice));
            advice.write_factor
        };
        let one = of("VALUES (100000000, 5, 7, NULL)").await;
        let many = of("SELECT 100000000 + id, id, 7, NULL FROM customers").await;
        assert!(
            one > 1.05 && one < 1.25 && many > one + 0.1,
            "{major}: {one}, {many}"
        );
    }
}

/// How far rows are from what is given is no key: the index would serve what was given this once.
#[tokio::test]
async fn a_distance_from_what_is_given_is_no_key() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let text = "SELECT id FROM customers ORDER BY point(id, tenant_id) <-> point(3, 4) LIMIT 5";
        let advice = asked(&database, text).await;
        assert!(advice.indexes.is_empty(), "{major}: {}", creates(&advice));
        assert_eq!(advice.not_planned.len(), 0, "{major}");
    }
}

/// What an index of documents spares is spared in each partition.
#[tokio::test]
async fn documents_of_partitions_are_thought_of() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let client = database.probe().await;
        client
            .batch_execute(
                "CREATE TABLE facts (id int NOT NULL, at date NOT NULL, doc jsonb NOT NULL) PARTITION BY RANGE (at); \
                 CREATE TABLE facts_1 PARTITION OF facts FOR VALUES FROM ('2024-01-01') TO ('2024-02-01'); \
                 CREATE TABLE facts_2 PARTITION OF facts FOR VALUES FROM ('2024-02-01') TO ('2024-03-01'); \
                 CREATE TABLE facts_3 PARTITION OF facts FOR VALUES FROM ('2024-03-01') TO ('2024-04-01'); \
                 CREATE TABLE facts_4 PARTITION OF facts FOR VALUES FROM ('2024-04-01') TO ('2024-05-01'); \
                 INSERT INTO facts SELECT i, date '2024-01-01' + i % 120, jsonb_build_object('k', 'v' || i % 9000, 'filler', repeat('x', 80)) \
                 FROM generate_series(1, 40000) i; ANALYZE facts",
            )
            .await
            .unwrap();
        let part = "SELECT id FROM facts WHERE doc ->> 'k' = 'v17'";
        let advice = asked(&database, part).await;
        let text = creates(&advice);
        assert!(text.contains("btree ((doc ->> 'k'::text))"), "{major}: {text}");
        assert!(
            advice.left_percent < 60.0,
            "{major}: leaves {}",
            advice.left_percent
        );
        let sql = r#"SELECT id FROM facts WHERE doc @> '{"k": "v17"}'"#;
        let advice = asked(&database, sql).await;
        let text = creates(&advice);
        assert!(text.contains("gin (doc jsonb_path_ops)"), "{major}: {text}");
        assert!(
            advice.left_percent < 30.0,
            "{major}: leaves {}",
            advice.left_percent
        );
    }
}

/// The planner takes a third of the rows for those in which two columns compare as asked, whatever they hold: what is
/// reckoned of an index of such rows goes by a look at them.
#[tokio::test]
async fn an_index_of_rows_whose_columns_compare_is_as_large_as_reckoned() {
    for major in majors() {
        let (database, has_hypopg) = prepared(server(major).await).await;
        if !has_hypopg {
            continue; // Without it nothing is advised: see the first test.
        }
        let client = database.probe().await;
        client
            .batch_execute(
                "CREATE TABLE bills (id bigint PRIMARY KEY, paid int NOT NULL, due int NOT NULL, sent int NOT NULL, note text);
                 INSERT INTO bills SELECT i, i % 700, i % 700 + CASE WHEN i % 20 = 0 THEN -3 ELSE 3 END,
                     i % 700 + CASE WHEN i % 400 = 0 THEN 3 ELSE -3 END, repeat('x', 100) FROM generate_series(1, 60000) i",
            )
            .await
            .unwrap();
        client.batch_execute("VACUUM ANALYZE bills").await.unwrap();
        let size = async || -> i64 {
            let sql = "SELECT pg_indexes_size('bills')";
            client.query_one(sql, &[]).await.unwrap().get(0)
        };
        for (sql, condition) in [
            (
                "SELECT count(*) FROM bills WHERE paid < due AND paid BETWEEN 5 AND 14",
                "WHERE (paid < due)",
            ),
            (
                "SELECT id, due FROM bills WHERE paid < sent",
                "WHERE (paid < sent)",
            ),
        ] {
            let advice = asked(&database, sql).await;
            let index = advice
                .indexes
                .iter()
                .find(|index| index.create.contains(condition));
            let index = index.unwrap_or_else(|| panic!("{major}: {sql}\n{}", creates(&advice)));
            let before = size().await;
            client.batch_execute(&index.create).await.unwrap();
            let real = (size().await - before) as f64;
            let reckoned = index.bytes as f64 / real;
            assert!(
                (0.7..1.5).contains(&reckoned),
                "{major}: {} of {real}: {sql}",
                index.bytes
            );
        }
    }
}
