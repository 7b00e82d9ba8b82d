//! Tables of every shape: a change of one does what the plain script does, in every line of the
//! catalog and every row, or it is refused with nothing touched.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use howdah_change::{ChangeError, Contract, Ended, Options};
use howdah_testkit::{majors, server};

/// A table with a column of integers, none of them NULL; `{t}` and `{a}` stand for their names.
struct Shape {
    name: &'static str,
    table: &'static str,
    column: &'static str,
    setup: &'static str,
    /// Which of [`SCRIPTS`] are refused, for there is no way beside clients.
    refused: &'static [usize],
}

/// The changes; `{b}` is a new name.
const SCRIPTS: [&str; 3] = [
    "ALTER TABLE {t} ALTER COLUMN {a} TYPE bigint",
    "ALTER TABLE {t} RENAME COLUMN {a} TO {b}",
    "ALTER TABLE {t} ALTER {a} SET NOT NULL; ALTER TABLE {t} ADD CONSTRAINT {b} CHECK ({a} > 0); \
     CREATE INDEX ON {t} ({a}); ALTER TABLE {t} ADD COLUMN {b} numeric DEFAULT trunc(random() + 1)",
];

const ROWS: &str = "SELECT g, 'row ' || g FROM generate_series(1, 300) g";

const SHAPES: &[Shape] = &[
    Shape {
        name: "odd names",
        table: r#""T ""%s"" $1 \ ; --'ä""#,
        column: r#""A ""x"" 'é' {range}""#,
        setup: "CREATE TABLE {t} ({a} int DEFAULT 7 CHECK ({a} > 0), b text); CREATE INDEX ON {t} ({a} DESC, lower(b)) WHERE {a} > 5; \
                INSERT INTO {t} {rows}",
        refused: &[],
    },
    Shape {
        name: "names of 63 bytes, alike but for their ends",
        table: "ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt",
        column: "\"ääääääääääääääääääääääääääääääx\"",
        setup: "CREATE TABLE {t} ({a} int UNIQUE, \"ääääääääääääääääääääääääääääääy\" text); INSERT INTO {t} {rows}; \
                ALTER TABLE {t} ADD CONSTRAINT kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk CHECK ({a} < 1000), \
                ADD CONSTRAINT kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkl CHECK ({a} <> 0)",
        refused: &[],
    },
    Shape {
        name: "words of the language",
        table: r#""user""#,
        column: r#""new""#,
        setup: r#"CREATE TABLE {t} ({a} int, "old" text, "select" int DEFAULT 1, "NEW" int); INSERT INTO {t} ({a}, "old") {rows}"#,
        refused: &[],
    },
    Shape {
        name: "triggers",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int, b text); CREATE TABLE log (what text); INSERT INTO {t} {rows}; \
                CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (TG_OP || TG_WHEN); RETURN coalesce(NEW, OLD); END'; \
                CREATE TRIGGER \"~~~\" BEFORE UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION noted(); \
                CREATE TRIGGER \"!\" AFTER INSERT OR UPDATE OR DELETE ON {t} FOR EACH STATEMENT EXECUTE FUNCTION noted(); \
                CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON {t} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION noted(); \
                CREATE TRIGGER off AFTER UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION noted(); ALTER TABLE {t} DISABLE TRIGGER off",
        refused: &[],
    },
    Shape {
        name: "a trigger on the column",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int, b text); INSERT INTO {t} {rows}; \
                CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
                CREATE TRIGGER one BEFORE UPDATE OF {a} ON {t} FOR EACH ROW EXECUTE FUNCTION same()",
        // PostgreSQL refuses the first as well.
        refused: &[0],
    },
    Shape {
        name: "a generated column beside it",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int, b text, c text GENERATED ALWAYS AS (lower(b)) STORED); INSERT INTO {t} ({a}, b) {rows}",
        refused: &[],
    },
    Shape {
        name: "a generated column of it",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int, b text, c int GENERATED ALWAYS AS ({a} + 1) STORED); INSERT INTO {t} ({a}, b) {rows}",
        refused: &[0],
    },
    Shape {
        name: "an identity",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int GENERATED ALWAYS AS IDENTITY (START WITH 5 INCREMENT BY 5) PRIMARY KEY, b text); \
                INSERT INTO {t} (b) SELECT 'x' FROM generate_series(1, 300); \
                CREATE TABLE c (id int REFERENCES {t} ON UPDATE CASCADE); INSERT INTO c VALUES (5), (10)",
        refused: &[],
    },
    Shape {
        name: "a serial",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} serial PRIMARY KEY, b text); INSERT INTO {t} (b) SELECT 'x' FROM generate_series(1, 300); \
                COMMENT ON COLUMN {t}.{a} IS 'its key'",
        refused: &[],
    },
    Shape {
        name: "policies and privileges",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int, b text); INSERT INTO {t} {rows}; ALTER TABLE {t} ENABLE ROW LEVEL SECURITY; ALTER TABLE {t} FORCE ROW LEVEL SECURITY; \
                CREATE POLICY p ON {t} TO plain USING (b IS NOT NULL); GRANT SELECT, INSERT ({a}), UPDATE ({a}, b) ON {t} TO plain WITH GRANT OPTION",
        refused: &[],
    },
    Shape {
        name: "a view on the column",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int, b text); INSERT INTO {t} {rows}; CREATE VIEW v AS SELECT {a} + 1 AS n FROM {t}; \
                CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM {t} WHERE {a} > 3",
        refused: &[0],
    },
    Shape {
        name: "a publication",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} (id int PRIMARY KEY DEFAULT 1, {a} int, b text); CREATE SEQUENCE s; ALTER TABLE {t} ALTER id SET DEFAULT nextval('s'); \
                INSERT INTO {t} ({a}, b) {rows}; CREATE PUBLICATION p FOR TABLE {t}; CREATE UNIQUE INDEX u ON {t} (id); ALTER TABLE {t} REPLICA IDENTITY USING INDEX u",
        refused: &[],
    },
    Shape {
        name: "inheritance",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int, b text); CREATE TABLE child (c int) INHERITS ({t}); INSERT INTO {t} {rows}; INSERT INTO child {rows}",
        refused: &[1],
    },
    Shape {
        name: "partitions",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int, b text, at date NOT NULL DEFAULT '2024-05-05') PARTITION BY RANGE (at); CREATE INDEX ON {t} ({a}); \
                CREATE TABLE t_1 PARTITION OF {t} FOR VALUES FROM ('2024-01-01') TO ('2025-01-01'); CREATE TABLE t_2 PARTITION OF {t} DEFAULT; INSERT INTO {t} {rows}",
        refused: &[],
    },
    Shape {
        name: "domains and deferrable keys",
        table: "t",
        column: "a",
        setup: "CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TABLE {t} ({a} positive, b text, UNIQUE ({a}) DEFERRABLE INITIALLY DEFERRED); INSERT INTO {t} {rows}; \
                CREATE STATISTICS st ON {a}, b FROM {t}",
        refused: &[],
    },
    Shape {
        name: "an exclusion",
        table: "t",
        column: "a",
        setup: "CREATE TABLE {t} ({a} int, b text, EXCLUDE USING btree ({a} WITH =)); INSERT INTO {t} {rows}",
        refused: &[0],
    },
    Shape {
        name: "unlogged, with room on its pages",
        table: "t",
        column: "a",
        setup: "CREATE UNLOGGED TABLE {t} ({a} int, b text) WITH (fillfactor = 70); INSERT INTO {t} {rows}",
        refused: &[],
    },
    Shape {
        name: "1500 columns",
        table: "t",
        column: "a",
        setup: "DO $$ BEGIN EXECUTE format('CREATE TABLE t (a int, b text, %s)', (SELECT string_agg(format('c%s int', g), ', ') FROM generate_series(1, 1498) g)); END $$; \
                INSERT INTO {t} (a, b) {rows}",
        refused: &[],
    },
    Shape {
        name: "1600 columns",
        table: "t",
        column: "a",
        setup: "DO $$ BEGIN EXECUTE format('CREATE TABLE t (a int, b text, %s)', (SELECT string_agg(format('c%s int', g), ', ') FROM generate_series(1, 1598) g)); END $$; \
                INSERT INTO {t} (a, b) {rows}",
        refused: &[0, 1, 2],
    },
];

fn filled(text: &str, shape: &Shape) -> String {
    text.replace("{rows}", ROWS)
        .replace("{t}", shape.table)
        .replace("{a}", shape.column)
        .replace("{b}", r#""The ""new"" one""#)
}

#[tokio::test(flavor = "multi_thread")]
async fn right_or_refused_with_nothing_touched() {
    let mut failures = Vec::new();
    let majors = majors();
    for (at, shape) in SHAPES.iter().enumerate() {
        for (number, script) in SCRIPTS.iter().enumerate() {
            // Each of them on one version, the versions in turn; the rewrites' own examples run on all.
            let major = majors[(at + number) % majors.len()];
            if let Err(failure) = check(major, shape, number, &filled(script, shape)).await {
                failures.push(format!(
                    "PostgreSQL {major}, {}, {script}:\n{failure}",
                    shape.name
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

async fn check(major: u16, shape: &Shape, number: usize, script: &str) -> Result<(), String> {
    let server = server(major).await;
    let (plain, changed) = (server.database("plain").await, server.database("changed").await);
    for database in [&plain, &changed] {
        database.execute(&filled(shape.setup, shape)).await;
        database.execute("ANALYZE").await;
    }
    let probe = changed.probe().await;
    let before = (support::schema(&probe).await, support::data(&probe).await);
    let mut result = support::run(&changed.url(), script).await;
    if let Ok((plan, Ended::Expanded)) = &result {
        let all = Options {
            contract: Contract::OldNames,
            ..Options::default()
        };
        result = support::executor(&changed.url(), all).resume(&plan.id).await;
    }
    let after = (support::schema(&probe).await, support::data(&probe).await);
    match result {
        Ok(_) if shape.refused.contains(&number) => Err("it was carried out".to_owned()),
        Ok(_) => {
            let reference = plain.probe().await;
            reference
                .batch_execute(script)
                .await
                .map_err(|error| format!("the script itself: {error:?}"))?;
            let expected = (support::schema(&reference).await, support::data(&reference).await);
            compare(&expected.0, &after.0)?;
            compare(&expected.1, &after.1)
        }
        Err(ChangeError::Refused(_)) if shape.refused.contains(&number) => {
            compare(&before.0, &after.0)?;
            compare(&before.1, &after.1)
        }
        Err(error) => Err(format!("{error} {error:?}")),
    }
}

/// A subscriber stops at a column that it does not have.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_with_a_subscriber_gets_no_column_for_a_while() {
    let server = howdah_testkit::private(howdah_testkit::ServerOptions {
        settings: vec![("wal_level".to_owned(), "logical".to_owned())],
        ..howdah_testkit::ServerOptions::default()
    })
    .await;
    let database = server.database("published").await;
    database
        .execute("CREATE TABLE t (id int PRIMARY KEY, a int); CREATE PUBLICATION p FOR TABLE t; INSERT INTO t VALUES (1, 1)")
        .await;
    database
        .execute("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
        .await;
    let probe = database.probe().await;
    let before = support::schema(&probe).await;
    for sql in ["ALTER TABLE t ALTER a TYPE bigint", "ALTER TABLE t RENAME a TO b"] {
        let refused = support::run(&database.url(), sql).await;
        assert!(
            matches!(&refused, Err(ChangeError::Refused(reasons)) if reasons[0].contains("published by p")),
            "{sql}: {refused:?}"
        );
        assert_eq!(before, support::schema(&probe).await);
    }
    support::run(&database.url(), "CREATE INDEX ON t (a)")
        .await
        .unwrap();
}

fn compare(expected: &[String], found: &[String]) -> Result<(), String> {
    match expected == found {
        true => Ok(()),
        false => Err(support::difference(expected, found)),
    }
}
