use std::time::Instant;

use howdah_pg::Connection;
use howdah_pg::catalog::{ObjectKind, Search, SearchResult, search_objects};
use howdah_testkit::{majors, server};

use crate::connect;

async fn search(
    connection: &mut Connection,
    pattern: &str,
    kinds: &[ObjectKind],
    limit: usize,
) -> SearchResult {
    let search = Search {
        pattern,
        kinds,
        system: false,
        limit,
    };
    search_objects(connection, &search)
        .await
        .unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

fn names(result: &SearchResult) -> Vec<String> {
    result
        .objects
        .iter()
        .map(|found| format!("{} {}", found.kind.name(), found.name))
        .collect()
}

#[tokio::test]
async fn objects_of_every_kind_are_found() {
    for major in majors() {
        let database = server(major).await.database("search").await;
        database
            .execute(
                r#"CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY, total numeric NOT NULL);
                   CREATE VIEW sales.order_view AS SELECT * FROM sales.orders;
                   CREATE MATERIALIZED VIEW sales.order_sums AS SELECT 1 AS a;
                   CREATE TYPE order_state AS ENUM ('ordered', 'sent'); CREATE DOMAIN order_no AS int;
                   CREATE TYPE order_line AS (sku text);
                   CREATE SEQUENCE order_numbers;
                   CREATE FUNCTION order_total(o sales.orders, tax int DEFAULT 1) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
                   CREATE PROCEDURE reorder() LANGUAGE sql AS '';
                   CREATE TABLE logs (at date, line text) PARTITION BY RANGE (at);
                   CREATE TABLE logs_order_2024 PARTITION OF logs DEFAULT;
                   CREATE TABLE "weird.Name" ("per%cent" int, "x_9" int, "x19" int);
                   CREATE TABLE staff (id int); COMMENT ON TABLE staff IS 'Who takes an Order';
                   COMMENT ON COLUMN staff.id IS 'their order of joining';
                   CREATE TABLE "ÄPFEL" (a int); CREATE EXTENSION hstore;
                   INSERT INTO sales.orders VALUES (1, 2); ANALYZE sales.orders"#,
            )
            .await;
        let mut connection = connect(&database.url()).await;
        let all = search(&mut connection, "Order", &[], 100).await;
        assert_eq!(
            names(&all),
            [
                "table sales.orders",
                "materialized_view sales.order_sums",
                "view sales.order_view",
                "function public.order_total(o sales.orders, tax integer)",
                "type public.order_no",
                "type public.order_line",
                "type public.order_state",
                "enum_label ordered",
                "index sales.orders_pkey",
                "sequence public.order_numbers",
                "table public.logs_order_2024",
                "function public.reorder()",
                "table public.staff",
                "column public.staff.id",
            ]
        );
        assert_eq!((all.total, all.truncated), (14, false));
        let details: Vec<_> = all
            .objects
            .iter()
            .map(|found| found.detail.as_deref().unwrap_or_default())
            .collect();
        assert_eq!(
            details[3..8],
            [
                "returns numeric",
                "domain over integer",
                "composite",
                "enum",
                "label of public.order_state"
            ]
        );
        assert_eq!(
            (details[8], details[10]),
            ("on sales.orders", "partition of public.logs")
        );
        assert_eq!(
            (all.objects[0].rows, all.objects[12].comment.as_deref()),
            (Some(1), Some("Who takes an Order"))
        );
        let some = search(&mut connection, "order", &[], 5).await;
        assert_eq!((some.objects.len(), some.total, some.truncated), (5, 14, true));
        for (pattern, kinds, found) in [
            (
                "sales.ord*",
                &[][..],
                &[
                    "table sales.orders",
                    "materialized_view sales.order_sums",
                    "view sales.order_view",
                    "index sales.orders_pkey",
                ][..],
            ),
            ("sales.*", &[ObjectKind::Table][..], &["table sales.orders"]),
            ("orders.tot", &[], &["column sales.orders.total"]),
            ("sales.orders.id", &[], &["column sales.orders.id"]),
            ("*_pkey", &[], &["index sales.orders_pkey"]),
            ("r%c", &[], &["column public.\"weird.Name\".\"per%cent\""]),
            ("x_9", &[], &["column public.\"weird.Name\".x_9"]),
            (
                "weird.name",
                &[ObjectKind::Table],
                &["table public.\"weird.Name\""],
            ),
            ("äpf", &[], &["table public.\"ÄPFEL\""]),
            ("HSTORE", &[ObjectKind::Extension], &["extension hstore"]),
            ("sales", &[ObjectKind::Schema], &["schema sales"]),
            ("pg_class", &[], &[]),
            ("'; DROP TABLE staff; --", &[], &[]),
            ("\\", &[], &[]),
            ("a\0b", &[], &[]),
        ] {
            assert_eq!(
                names(&search(&mut connection, pattern, kinds, 10).await),
                found,
                "{pattern} on {major}"
            );
        }
        let listed = search(&mut connection, "", &[], 1000).await;
        assert!(
            listed
                .objects
                .iter()
                .all(|found| !matches!(found.kind, ObjectKind::Column | ObjectKind::Index))
        );
        assert!(names(&listed).contains(&"table public.staff".to_owned()));
        let system = Search {
            pattern: "pg_class",
            kinds: &[ObjectKind::Table],
            system: true,
            limit: 3,
        };
        let found = search_objects(&mut connection, &system).await.unwrap();
        assert_eq!(found.objects[0].name, "pg_catalog.pg_class");
    }
}

#[tokio::test]
async fn ten_thousand_tables_are_searched_at_once() {
    let server = server(majors()[0]).await;
    let database = server.database("many").await;
    database
        .execute(
            "DO $$ BEGIN FOR i IN 1..10000 LOOP
                 EXECUTE format('CREATE TABLE t_%s (id bigint, customer_id int, name varchar(9), email varchar(9), created_at date, updated_at date, amount numeric, status int)', i);
                 IF i % 1000 = 0 THEN COMMIT; END IF;
             END LOOP; END $$",
        )
        .await;
    database
        .execute("ANALYZE pg_catalog.pg_class; ANALYZE pg_catalog.pg_attribute; ANALYZE pg_catalog.pg_type")
        .await;
    let mut connection = connect(&database.url()).await;
    // On a busy machine it is measured against a part of what it must do.
    let floor = howdah_testkit::allowed(std::time::Duration::from_millis(300)).as_secs_f64();
    let mut scan = f64::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        let sql = "SELECT count(*) FROM pg_attribute WHERE lower(attname) LIKE '%custom%'";
        connection.query(sql, &[]).await.unwrap();
        scan = scan.min(started.elapsed().as_secs_f64());
    }
    println!("one look at every column's name: {:.0} ms", scan * 1000.0);
    for pattern in ["custom", "t_77", "t_77.stat", "t_9*", "nothing like it", ""] {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let started = Instant::now();
            search(&mut connection, pattern, &[], 50).await;
            best = best.min(started.elapsed().as_secs_f64());
        }
        println!("search {pattern:?}: {:.0} ms", best * 1000.0);
        assert!(
            best < f64::max(floor, 5.0 * scan),
            "{pattern}: {best} s against {scan} s"
        );
    }
    let started = Instant::now();
    let near = howdah_pg::catalog::describe_relation(&mut connection, "t_777x")
        .await
        .unwrap_err();
    assert!(near.to_string().contains("t_777x"));
    assert!(
        started.elapsed() < howdah_testkit::allowed(std::time::Duration::from_secs(2)),
        "{:?}",
        started.elapsed()
    );
}
