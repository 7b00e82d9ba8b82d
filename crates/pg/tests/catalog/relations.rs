use howdah_pg::catalog::{CatalogError, Relation, RelationKind, describe_relation};
use howdah_pg::{Connection, PgError};
use howdah_testkit::{Database, majors, server};

use crate::connect;

const SHOP: &str = r#"
CREATE SCHEMA shop;
SET search_path = shop, public;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN email AS text NOT NULL CHECK (value ~ '@');
CREATE TYPE addr AS (street text, zip int);
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email email UNIQUE, mood mood DEFAULT 'ok',
    moods mood[], name text COLLATE "C", address addr, doc jsonb, created_at timestamptz NOT NULL DEFAULT now());
COMMENT ON TABLE customers IS 'People who buy';
COMMENT ON COLUMN customers.email IS 'Lower case';
ALTER TABLE customers ALTER doc SET STORAGE external, ALTER name SET STATISTICS 500, ALTER name SET (n_distinct = -0.5);
CREATE TABLE orders (
    id bigserial PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    total numeric(12,2) NOT NULL CONSTRAINT positive CHECK (total >= 0), net numeric GENERATED ALWAYS AS (total / 2) STORED,
    during tstzrange, EXCLUDE USING gist (during WITH &&));
ALTER TABLE orders ADD CONSTRAINT recent CHECK (id > 0) NOT VALID;
CREATE INDEX orders_by_customer ON orders (customer_id, total DESC) WHERE total > 1000;
COMMENT ON INDEX orders_by_customer IS 'For the account page';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touched BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE orders DISABLE TRIGGER touched;
CREATE RULE quiet AS ON DELETE TO orders DO INSTEAD NOTHING;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON orders FOR SELECT TO plain USING (customer_id = 1);
CREATE POLICY never ON orders AS RESTRICTIVE USING (true) WITH CHECK (total < 5);
CREATE STATISTICS dependent (dependencies) ON customer_id, total FROM orders;
GRANT SELECT, UPDATE ON customers TO plain WITH GRANT OPTION;
GRANT SELECT (id) ON orders TO PUBLIC;
CREATE TABLE events (id bigint, at timestamptz NOT NULL, payload jsonb) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2024-02-01') TO ('2024-03-01') PARTITION BY LIST (id);
CREATE TABLE events_2_1 PARTITION OF events_2 DEFAULT;
CREATE INDEX events_at ON events (at);
CREATE VIEW spenders AS SELECT c.email, sum(o.total) AS spent FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY 1;
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM orders WITH NO DATA;
CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);
CREATE UNLOGGED TABLE scratch (a int) WITH (fillfactor = 70);
CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE remote (a int OPTIONS (name 'x')) SERVER far OPTIONS (path 'y');
CREATE SEQUENCE steps AS int INCREMENT 5 MINVALUE 5 MAXVALUE 500 CYCLE; SELECT nextval('steps');
CREATE PUBLICATION everything FOR TABLE orders;
INSERT INTO customers (email) SELECT 'a' || g || '@x' FROM generate_series(1, 1000) g;
INSERT INTO orders (customer_id, total) SELECT g, g FROM generate_series(1, 1000) g;
INSERT INTO events SELECT g, timestamptz '2024-01-01' + g * interval '1 hour' FROM generate_series(1, 1000) g;
ANALYZE customers; ANALYZE orders; ANALYZE events_1; ANALYZE events_2_1;
"#;

async fn shop(major: u16) -> (Database<'static>, Connection) {
    let database = server(major).await.database("shop").await;
    database.execute(SHOP).await;
    let connection = connect(&database.url()).await;
    (database, connection)
}

async fn describe(connection: &mut Connection, name: &str) -> Relation {
    describe_relation(connection, name)
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[tokio::test]
async fn a_table_is_described_whole() {
    for major in majors() {
        let (_database, mut connection) = shop(major).await;
        let customers = describe(&mut connection, "shop.customers").await;
        assert_eq!(
            (customers.kind, customers.owner.as_str()),
            (RelationKind::Table, "postgres")
        );
        assert_eq!(customers.comment.as_deref(), Some("People who buy"));
        assert_eq!(customers.primary_key, ["id"]);
        assert_eq!(customers.unique[0].definition, "UNIQUE (email)");
        let column = |name: &str| {
            customers
                .columns
                .iter()
                .find(|column| column.name == name)
                .unwrap()
        };
        assert_eq!(column("id").identity.as_deref(), Some("always"));
        assert!(column("id").not_null && !column("name").not_null);
        assert_eq!(
            column("email").domain.as_deref(),
            Some("text NOT NULL CHECK ((VALUE ~ '@'::text))")
        );
        assert_eq!(column("email").comment.as_deref(), Some("Lower case"));
        assert_eq!(column("mood").enum_labels, ["sad", "ok", "happy"]);
        assert_eq!(column("mood").default.as_deref(), Some("'ok'::shop.mood"));
        assert_eq!(column("moods").enum_labels.len(), 3);
        assert_eq!(column("name").collation.as_deref(), Some("\"C\""));
        assert_eq!(column("name").statistics, Some(500));
        assert_eq!(column("name").options, ["n_distinct=-0.5"]);
        assert_eq!(column("doc").storage.as_deref(), Some("external"));
        assert_eq!(column("created_at").type_name, "timestamp with time zone");
        assert_eq!(customers.privileges["plain"], "SELECT*, UPDATE*");
        assert_eq!(customers.referenced_by[0].table, "shop.orders");
        assert_eq!(customers.views, ["shop.spenders"]);
        let rows = customers.rows.unwrap();
        assert_eq!((rows.estimate, rows.source.as_str()), (Some(1000), "statistics"));
        assert!(rows.statistics_age_s.unwrap() < 300 && !rows.never_analyzed);
        let size = customers.size.unwrap();
        assert!(size.heap_bytes >= 8192 && size.index_bytes >= 16384);
        assert_eq!(
            size.total_bytes,
            size.heap_bytes + size.index_bytes + size.toast_bytes
        );

        let orders = describe(&mut connection, "shop.orders").await;
        assert_eq!(
            orders.columns[3].generated.as_deref(),
            Some("(total / (2)::numeric)")
        );
        assert_eq!(orders.columns[0].privileges["PUBLIC"], "SELECT");
        assert_eq!(
            orders.foreign_keys[0].definition,
            "FOREIGN KEY (customer_id) REFERENCES shop.customers(id) ON DELETE CASCADE"
        );
        let checks: Vec<_> = orders
            .checks
            .iter()
            .map(|check| (check.name.as_str(), check.not_valid))
            .collect();
        assert_eq!(checks, [("positive", false), ("recent", true)]);
        assert_eq!(
            orders.other_constraints[0].definition,
            "EXCLUDE USING gist (during WITH &&)"
        );
        let index = orders
            .indexes
            .iter()
            .find(|index| index.name == "orders_by_customer")
            .unwrap();
        assert_eq!(
            index.definition,
            "btree (customer_id, total DESC) WHERE (total > (1000)::numeric)"
        );
        assert_eq!(
            (index.scans, index.unique, index.invalid),
            (Some(0), false, false)
        );
        assert_eq!(index.comment.as_deref(), Some("For the account page"));
        assert!(orders.indexes[0].primary && orders.indexes.iter().all(|index| index.bytes.unwrap() > 0));
        assert_eq!(orders.row_security.as_deref(), Some("enabled"));
        assert_eq!(
            (orders.policies[0].command.as_str(), &*orders.policies[0].roles),
            ("SELECT", &["plain".to_owned()][..])
        );
        assert!(orders.policies[1].restrictive && orders.policies[1].with_check.is_some());
        assert_eq!(orders.triggers[0].enabled.as_deref(), Some("disabled"));
        assert_eq!(orders.rules[0].name, "quiet");
        assert_eq!(orders.statistics[0].name, "shop.dependent");
        assert_eq!(orders.publications, ["everything"]);
    }
}

#[tokio::test]
async fn every_kind_of_relation_is_described() {
    for major in majors() {
        let (database, mut connection) = shop(major).await;
        let events = describe(&mut connection, "shop.events").await;
        assert_eq!(events.kind, RelationKind::PartitionedTable);
        assert_eq!(events.partition_key.as_deref(), Some("RANGE (at)"));
        assert_eq!((events.children.len(), events.children_total), (2, Some(2)));
        assert_eq!(events.children[1].partitioned_by.as_deref(), Some("LIST (id)"));
        let rows = events.rows.unwrap();
        assert_eq!(
            (rows.estimate, rows.source.as_str()),
            (Some(1000), "statistics of the partitions")
        );
        assert!(events.size.unwrap().total_bytes > 100_000 && events.indexes[0].bytes.unwrap() > 16_384);
        let part = describe(&mut connection, "shop.events_2").await;
        assert_eq!(
            (part.kind, &*part.parents),
            (
                RelationKind::PartitionedPartition,
                &["shop.events".to_owned()][..]
            )
        );
        assert!(part.partition_bound.unwrap().starts_with("FOR VALUES FROM"));
        let part = describe(&mut connection, "shop.events_1").await;
        assert_eq!(part.kind, RelationKind::Partition);
        assert!(part.size.unwrap().heap_bytes > 8192);

        let view = describe(&mut connection, "shop.spenders").await;
        assert_eq!((view.kind, view.columns.len()), (RelationKind::View, 2));
        assert!(view.definition.unwrap().contains("JOIN shop.orders o ON"));
        let totals = describe(&mut connection, "shop.totals").await;
        assert!(
            totals.kind == RelationKind::MaterializedView
                && totals.not_populated
                && totals.definition.is_some()
        );
        let child = describe(&mut connection, "shop.child").await;
        assert_eq!(
            (child.parents[0].as_str(), child.columns[0].inherited),
            ("shop.parent", true)
        );
        assert_eq!(
            describe(&mut connection, "shop.parent").await.children[0].name,
            "shop.child"
        );
        let scratch = describe(&mut connection, "shop.scratch").await;
        assert_eq!(
            (scratch.persistence.as_deref(), &*scratch.options),
            (Some("unlogged"), &["fillfactor=70".to_owned()][..])
        );
        let unknown = scratch.rows.unwrap();
        assert_eq!(
            (unknown.estimate, unknown.source.as_str(), unknown.never_analyzed),
            (None, "none", true)
        );
        let remote = describe(&mut connection, "shop.remote").await;
        assert_eq!(
            (remote.kind, remote.server.as_deref()),
            (RelationKind::ForeignTable, Some("far"))
        );
        assert_eq!(
            (&*remote.server_options, &*remote.columns[0].server_options),
            (&["path=y".to_owned()][..], &["name=x".to_owned()][..])
        );
        let steps = describe(&mut connection, "shop.steps").await.sequence.unwrap();
        assert_eq!(
            (
                steps.type_name.as_str(),
                steps.increment,
                steps.last_value,
                steps.cycle
            ),
            ("integer", 5, Some(5), true)
        );
        let owned = describe(&mut connection, "shop.orders_id_seq")
            .await
            .sequence
            .unwrap();
        assert_eq!(owned.owned_by.as_deref(), Some("shop.orders.id"));
        let addr = describe(&mut connection, "shop.addr").await;
        assert_eq!((addr.kind, addr.columns.len()), (RelationKind::CompositeType, 2));
        let index = describe(&mut connection, "shop.orders_by_customer").await;
        assert_eq!(
            (index.kind, index.index_of.as_deref()),
            (RelationKind::Index, Some("shop.orders"))
        );
        assert!(index.indexes[0].definition.starts_with("btree (customer_id") && index.size.is_some());
        let index = describe(&mut connection, "shop.events_at").await;
        assert_eq!(index.kind, RelationKind::PartitionedIndex);
        let probe = database.probe().await;
        let toast: String = probe
            .query_one(
                "SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = 'shop.customers'::regclass",
                &[],
            )
            .await
            .unwrap()
            .get(0);
        let toast = describe(&mut connection, &toast).await;
        assert_eq!(
            (toast.kind, toast.toast_of.as_deref()),
            (RelationKind::ToastTable, Some("shop.customers"))
        );
        let system = describe(&mut connection, "pg_class").await;
        assert_eq!(
            (system.schema.as_str(), system.replica_identity),
            ("pg_catalog", None)
        );
        // What is left out is left out of the JSON too.
        let json = serde_json::to_string(&describe(&mut connection, "shop.parent").await).unwrap();
        assert!(
            json.len() < 420 && !json.contains("null") && !json.contains("[]"),
            "{json}"
        );
    }
}

#[tokio::test]
async fn a_role_without_privileges_sees_it_too_and_is_told_what_not() {
    for major in majors() {
        let (database, _) = shop(major).await;
        let mut plain = connect(&database.url_as("plain")).await;
        let orders = describe(&mut plain, "shop.orders").await;
        assert_eq!((orders.columns.len(), orders.indexes.len()), (5, 3));
        assert!(orders.size.unwrap().total_bytes > 0 && orders.triggers.len() == 1);
        assert_eq!(orders.unseen.len(), 1, "{:?}", orders.unseen);
        assert!(orders.unseen[0].contains("USAGE on schema shop"));
        let steps = describe(&mut plain, "shop.steps").await;
        assert_eq!(steps.sequence.as_ref().unwrap().last_value, None);
        assert!(
            steps
                .unseen
                .iter()
                .any(|sentence| sentence.contains("last value"))
        );
        let scratch = describe(&mut plain, "shop.scratch").await;
        assert!(
            scratch
                .unseen
                .iter()
                .any(|sentence| sentence.contains("no SELECT"))
        );
    }
}

#[tokio::test]
async fn an_exclusive_lock_does_not_hold_it_up() {
    for major in majors() {
        let (database, mut connection) = shop(major).await;
        let mut holder = database.probe().await;
        let lock = holder.transaction().await.unwrap();
        lock.batch_execute("LOCK TABLE shop.orders").await.unwrap();
        let started = std::time::Instant::now();
        match describe_relation(&mut connection, "shop.orders").await {
            // Newer servers lock the relation to show a default.
            Err(CatalogError::Locked { wanted }) => assert_eq!(wanted, "shop.orders"),
            Ok(orders) => {
                assert_eq!(orders.columns.len(), 5);
                assert!(orders.size.is_none() && orders.unseen[0].contains("exclusive lock"));
            }
            Err(error) => panic!("{error}"),
        }
        assert!(started.elapsed() < howdah_testkit::allowed(std::time::Duration::from_secs(3)));
        lock.rollback().await.unwrap();
        assert!(describe(&mut connection, "shop.orders").await.size.is_some());
    }
}

#[tokio::test]
async fn hostile_names_are_taken_and_given_right() {
    let sixty_three = "é".repeat(31) + "x";
    let names = [
        "Mixed \" Case",
        "select",
        "a.b",
        "back\\slash",
        "tab\tnew\nline",
        "\u{1}\u{7f}",
        "quote's",
        "%s$1",
        "dollar$$",
        "日本語",
        sixty_three.as_str(),
        " padded ",
        "CREATE UNIQUE INDEX x ON y USING z",
    ];
    for major in majors() {
        let database = server(major).await.database("hostile").await;
        let probe = database.probe().await;
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        for name in names {
            let quoted = quote(name);
            let label = howdah_sql::quote_literal(name);
            let other =
                |prefix: &str| quote(&format!("{prefix}{}", name.chars().take(25).collect::<String>()));
            let (key, index) = (other("k"), other("i"));
            let sql = format!(
                "CREATE SCHEMA {quoted}; CREATE TYPE {quoted}.e AS ENUM ({label});
                 CREATE TABLE {quoted}.{quoted} ({quoted} int CONSTRAINT {key} PRIMARY KEY, e {quoted}.e);
                 CREATE INDEX {index} ON {quoted}.{quoted} ({quoted}) WHERE {quoted} > 0;
                 COMMENT ON TABLE {quoted}.{quoted} IS {label}"
            );
            probe
                .batch_execute(&sql)
                .await
                .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
        let mut connection = connect(&database.url()).await;
        for name in names {
            let relation = describe(&mut connection, &format!("{0}.{0}", quote(name))).await;
            assert_eq!((relation.schema.as_str(), relation.name.as_str()), (name, name));
            assert_eq!(
                (
                    relation.primary_key[0].as_str(),
                    relation.columns[0].name.as_str()
                ),
                (name, name)
            );
            assert_eq!(relation.columns[1].enum_labels, [name]);
            assert_eq!(relation.comment.as_deref(), Some(name));
            let index = relation.indexes.iter().find(|index| !index.primary).unwrap();
            assert!(index.definition.starts_with("btree ("), "{}", index.definition);
            // The name it gives is one that it takes.
            let again = describe(&mut connection, &relation.full_name().to_string()).await;
            assert_eq!(again.name, name);
        }
    }
}

#[tokio::test]
async fn names_that_do_not_exist_are_met_half_way() {
    for major in majors() {
        let (database, _) = shop(major).await;
        database
            .execute(
                "CREATE TABLE public.\"Orders\" (a int); CREATE TABLE \"order items\" (a int); CREATE TABLE \"a.b\" (a int);
                 CREATE SCHEMA \"2024\"; CREATE TABLE \"2024\".\"07\" (a int)",
            )
            .await;
        let mut connection = connect(&database.url()).await;
        for (text, found) in [
            ("Orders", "public.\"Orders\""),
            ("  order items ", "public.\"order items\""),
            ("a.b", "public.\"a.b\""),
            ("2024.07", "\"2024\".\"07\""),
            ("SHOP.ORDERS", "shop.orders"),
            ("PG_CLASS", "pg_catalog.pg_class"),
        ] {
            assert_eq!(
                describe(&mut connection, text).await.full_name().to_string(),
                found,
                "{text}"
            );
        }
        for (text, near) in [
            ("orders", "public.\"Orders\""),
            ("shop.oders", "shop.orders"),
            ("customer", "shop.customers"),
            ("shopp.events", "shop.events"),
            ("pg_stat_activty", "pg_catalog.pg_stat_activity"),
        ] {
            let error = describe_relation(&mut connection, text).await.unwrap_err();
            let CatalogError::NotFound { near: suggested, .. } = &error else {
                panic!("{text}: {error}")
            };
            assert!(
                suggested.iter().any(|name| name.to_string() == near),
                "{text}: {suggested:?}"
            );
            let shown = howdah_core::Error::from(error);
            assert!(shown.hint.unwrap().contains(near));
        }
        for text in ["", "  ", "a\0b", &"x".repeat(70)] {
            assert!(
                matches!(
                    describe_relation(&mut connection, text).await,
                    Err(CatalogError::Name(_))
                ),
                "{text:?}"
            );
        }
        // A name is never SQL.
        let error = describe_relation(&mut connection, "shop.orders; DROP TABLE shop.orders")
            .await
            .unwrap_err();
        assert!(matches!(error, CatalogError::NotFound { .. }), "{error}");
        assert_eq!(describe(&mut connection, "shop.orders").await.name, "orders");
    }
}

#[tokio::test]
async fn reading_leaves_the_session_as_it_was_and_cannot_write() {
    use howdah_pg::catalog::{Query, Reading};
    for major in majors() {
        let (database, mut connection) = shop(major).await;
        connection
            .batch("SET search_path = shop; SET statement_timeout = '7s'")
            .await
            .unwrap();
        assert_eq!(describe(&mut connection, "orders").await.schema, "shop");
        let mut reading = Reading::of(&mut connection).statement_timeout_ms(200);
        for (sql, sqlstate) in [
            ("DELETE FROM shop.customers", "25006"),
            ("SELECT pg_sleep(5)", "57014"),
            ("SELECT * FROM orders", "42P01"),
        ] {
            let error = reading.one(&Query::new(sql, &[])).await.unwrap_err();
            assert_eq!(error.sqlstate(), Some(sqlstate), "{sql}: {error}");
        }
        let good = Query::new("SELECT $1::text", &[Some("x")]);
        let part = reading
            .as_far_as_possible(&[good, Query::new("SELECT 1/0", &[]), good])
            .await
            .unwrap();
        assert_eq!(
            (part.rows.len(), part.error.unwrap().sqlstate.as_str()),
            (1, "22012")
        );
        let rows = reading
            .all(&[good, Query::new("SELECT current_setting('howdah.schemas')", &[])])
            .await
            .unwrap();
        assert_eq!(rows[1].first().unwrap().get(0), Some("{pg_catalog,shop}"));
        let rows = connection
            .query(
                "SELECT current_setting('search_path'), current_setting('statement_timeout')",
                &[],
            )
            .await;
        let row = rows.unwrap();
        let row = row.first().unwrap();
        assert_eq!((row.get(0), row.get(1)), (Some("shop"), Some("7s")));
        // Nothing of a user's answers to the names and operators of our statements.
        database
            .execute(
                "CREATE FUNCTION public.format_type(oid, int) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
                 CREATE FUNCTION public.evil(oid, oid) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil'; END $$;
                 CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.evil)",
            )
            .await;
        connection
            .batch("SET search_path = public, pg_catalog")
            .await
            .unwrap();
        assert_eq!(
            describe(&mut connection, "shop.orders").await.columns[0].type_name,
            "bigint"
        );
        assert!(matches!(
            connection.query("SELECT 1::oid = 1::oid", &[]).await,
            Err(PgError::Server(_))
        ));
    }
}
