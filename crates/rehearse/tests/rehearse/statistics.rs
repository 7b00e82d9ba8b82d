//! What the target's statistics say of rows that a rehearsal does not have.

use howdah_rehearse::{Options, Schema, Statistics, rehearse};
use howdah_testkit::majors;

use crate::world::{autocommit, connect, lines, scratch};

const PAYMENTS: &str = "
    CREATE TABLE payments (id int PRIMARY KEY, amount numeric NOT NULL, kind text NOT NULL, code text NOT NULL, note text);
    INSERT INTO payments SELECT g, g % 50, 'kind ' || g % 3, 'code ' || g, CASE WHEN g % 2 = 0 THEN 'x' END
      FROM generate_series(1, 2000) AS g;
    ANALYZE payments;
";

#[tokio::test]
async fn rules_are_held_against_known_values() {
    let cases = [
        (
            "ALTER TABLE payments ADD CONSTRAINT c CHECK (amount > 0) NOT VALID",
            "broke any client: 23514",
        ),
        (
            "ALTER TABLE payments ADD CONSTRAINT c CHECK (amount >= 0) NOT VALID",
            "",
        ),
        (
            "ALTER TABLE payments ADD CHECK (kind <> 'kind 1')",
            "failed 23514",
        ),
        (
            "ALTER TABLE payments ADD CHECK (note IS NOT NULL) NOT VALID",
            "broke any client: 23514",
        ),
        (
            "ALTER TABLE payments ALTER note SET NOT NULL",
            "broke postgres: 23502",
        ),
        ("ALTER TABLE payments ADD CHECK (note = 'x') NOT VALID", ""),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY u ON payments (kind)",
            "InvalidIndex(\"u\"), failed 23505",
        ),
        ("ALTER TABLE payments ADD UNIQUE (kind, amount)", "failed 23505"),
        ("CREATE UNIQUE INDEX CONCURRENTLY u ON payments (code)", ""),
        ("CREATE UNIQUE INDEX CONCURRENTLY u ON payments (kind, id)", ""),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY u ON payments (kind) WHERE note = 'y'",
            "",
        ),
        (
            "INSERT INTO payments VALUES (1, 5, 'kind 1', 'new')",
            "failed 23505",
        ),
        ("INSERT INTO payments VALUES (90001, 5, 'kind 1', 'new')", ""),
        (
            "INSERT INTO payments VALUES (1, 5, 'kind 1', 'new') ON CONFLICT DO NOTHING",
            "",
        ),
    ];
    for major in majors() {
        let server = howdah_testkit::server(major).await;
        let target = server.database("target").await;
        target.execute(PAYMENTS).await;
        let mut connection = connect(&target.url()).await;
        let schema = Schema::capture(&mut connection).await.unwrap();
        let statistics = Statistics::capture(&mut connection, &["payments".to_owned()], false).await;
        let options = Options {
            statistics: statistics.unwrap(),
            ..Options::default()
        };
        for (script, expected) in cases {
            let mut copy = scratch(major).await.database(&schema.database).await.unwrap();
            copy.build(&schema).await.unwrap();
            let rehearsal = rehearse(copy, &[], &autocommit(script), &options).await.unwrap();
            let found = about_rows(&lines(&rehearsal));
            assert_eq!(found, expected, "{major}: {script}\n{rehearsal:?}");
        }
    }
}

const SHELVES: &str = "
    CREATE DOMAIN price AS numeric CHECK (VALUE >= 0);
    CREATE TABLE kinds (code text PRIMARY KEY, note text NOT NULL);
    INSERT INTO kinds SELECT 'kind ' || g, 'n' FROM generate_series(0, 4) AS g;
    CREATE TABLE items (id int PRIMARY KEY, kind text NOT NULL REFERENCES kinds, amount numeric NOT NULL CHECK (amount >= 0), code text UNIQUE, price price);
    INSERT INTO items SELECT g, 'kind ' || g % 3, g % 50, 'code ' || g, g FROM generate_series(1, 2000) AS g;
    CREATE TABLE empty (id int PRIMARY KEY CHECK (id > 0));
    ANALYZE;
";

#[tokio::test]
async fn written_values_are_held_against_tables_and_their_rows() {
    let cases = [
        ("UPDATE items SET amount = -1 WHERE id = 5", "failed 23514"),
        ("UPDATE items SET amount = 1 WHERE id = 5", ""),
        ("UPDATE items SET price = -1 WHERE id = 5", "failed 23514"),
        ("UPDATE items SET kind = NULL WHERE id = 5", "failed 23502"),
        ("UPDATE items SET kind = 'other' WHERE id = 5", "failed 23503"),
        ("UPDATE items SET kind = 'kind 4' WHERE id = 5", ""),
        (
            "UPDATE items SET amount = -1 WHERE kind = 'kind 9'",
            "RowsWritten public.items",
        ),
        ("UPDATE empty SET id = -1", "RowsWritten public.empty"),
        (
            "ALTER TABLE items DROP CONSTRAINT items_amount_check; UPDATE items SET amount = -1 WHERE id = 5",
            "",
        ),
        (
            "UPDATE kinds SET code = 'kind 1' WHERE code = 'kind 4'",
            "failed 23505",
        ),
        ("UPDATE kinds SET code = 'kind 5' WHERE code = 'kind 4'", ""),
        (
            "UPDATE kinds SET code = 'kind 5' WHERE code = 'kind 1'",
            "failed 23503",
        ),
        (
            "UPDATE items SET code = 'x'",
            "RowsWritten public.items, failed 23505",
        ),
        ("DELETE FROM kinds WHERE code = 'kind 1'", "failed 23503"),
        ("DELETE FROM kinds WHERE code IN ('kind 3', 'kind 4')", ""),
        ("DELETE FROM kinds WHERE code = 'kind 9'", ""),
        (
            "DELETE FROM items WHERE kind = 'kind 1'; DELETE FROM kinds WHERE code = 'kind 1'",
            "RowsWritten public.items",
        ),
        (
            "DELETE FROM kinds WHERE NOT EXISTS (SELECT FROM items WHERE items.kind = kinds.code)",
            "RowsWritten public.kinds",
        ),
        (
            "ALTER TABLE items ALTER code TYPE int USING code::int",
            "failed 22P02",
        ),
        ("ALTER TABLE items ALTER code TYPE varchar(3)", "failed 22001"),
        ("ALTER TABLE items ALTER code TYPE varchar(30)", ""),
        ("ALTER TABLE items ALTER code TYPE int USING 1", ""),
        ("INSERT INTO items VALUES (90001, 'kind 4', 1, 'y')", ""),
        (
            "INSERT INTO items VALUES (90001, 'other', 1, 'y')",
            "failed 23503",
        ),
        (
            "CREATE TABLE shelves (kind text REFERENCES kinds); INSERT INTO shelves VALUES ('kind 1')",
            "",
        ),
        (
            "CREATE TABLE rooms (id int PRIMARY KEY); CREATE TABLE shelves (room int REFERENCES rooms); INSERT INTO shelves VALUES (1)",
            "failed 23503",
        ),
        (
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM kinds) THEN RAISE EXCEPTION 'none'; END IF; END $$",
            "",
        ),
        ("DO $$ BEGIN RAISE EXCEPTION 'stop'; END $$", "failed P0001"),
    ];
    for major in majors() {
        let server = howdah_testkit::server(major).await;
        let target = server.database("target").await;
        target.execute(SHELVES).await;
        let mut connection = connect(&target.url()).await;
        let schema = Schema::capture(&mut connection).await.unwrap();
        let named = ["kinds", "items", "empty"].map(str::to_owned);
        let statistics = Statistics::capture(&mut connection, &named, false).await;
        let options = Options {
            statistics: statistics.unwrap(),
            ..Options::default()
        };
        let mut wrong = Vec::new();
        for (script, expected) in cases {
            let mut copy = scratch(major).await.database(&schema.database).await.unwrap();
            copy.build(&schema).await.unwrap();
            let rehearsal = rehearse(copy, &[], &autocommit(script), &options).await.unwrap();
            let found = about_rows(&lines(&rehearsal));
            if found != expected {
                wrong.push(format!(
                    "{major}: {script}\n  expected {expected}\n  found    {found}\n{rehearsal:?}"
                ));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// What a script did to rows, or did not because of them.
fn about_rows(lines: &[String]) -> String {
    let is_about_rows = |word: &&str| {
        ["broke ", "failed ", "InvalidIndex", "RowsWritten"]
            .iter()
            .any(|start| word.starts_with(start))
    };
    let words = lines
        .iter()
        .flat_map(|line| line.split(", "))
        .filter(is_about_rows);
    words.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn values_of_the_targets_rows_are_told_to_nobody() {
    const PEOPLE: &str = "
        CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, born text);
        INSERT INTO people SELECT g, 'Grace the ' || g % 3, 'secret ' || g % 3 FROM generate_series(1, 2000) AS g;
        ANALYZE people;
        GRANT SELECT, INSERT, UPDATE ON people TO plain;
    ";
    let scripts = [
        "ALTER TABLE people RENAME name TO full_name",
        "ALTER TABLE people ADD CHECK (born <> 'secret 1') NOT VALID",
        "ALTER TABLE people ADD CHECK (name NOT LIKE 'Grace%')",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not %', NEW.name; END $$;
         CREATE TRIGGER t BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION f()",
    ];
    for major in majors() {
        let server = howdah_testkit::server(major).await;
        let target = server.database("target").await;
        target.execute(PEOPLE).await;
        let mut connection = connect(&target.url()).await;
        let schema = Schema::capture(&mut connection).await.unwrap();
        let statistics = Statistics::capture(&mut connection, &["people".to_owned()], false).await;
        let options = Options {
            statistics: statistics.unwrap(),
            ..Options::default()
        };
        for script in scripts {
            let mut copy = scratch(major).await.database(&schema.database).await.unwrap();
            copy.build(&schema).await.unwrap();
            let rehearsal = rehearse(copy, &[], &autocommit(script), &options).await.unwrap();
            let mut told = 0;
            for statement in &rehearsal.statements {
                let failures = statement.effects.failure.iter();
                for failure in failures.chain(statement.effects.breaks.iter().map(|broken| &broken.failure)) {
                    assert!(!failure.message.contains("Grace"), "{major}: {failure:?}");
                    assert!(!failure.message.contains("secret"), "{major}: {failure:?}");
                    told += 1;
                }
                for broken in &statement.effects.breaks {
                    assert!(!broken.statement.contains("Grace"), "{major}: {broken:?}");
                }
            }
            assert!(told > 0, "{major}: {script} breaks something: {rehearsal:?}");
        }
    }
}

#[tokio::test]
async fn a_backfill_in_the_script_makes_statistics_old() {
    let major = majors()[0];
    let server = howdah_testkit::server(major).await;
    let target = server.database("target").await;
    target.execute(PAYMENTS).await;
    let mut connection = connect(&target.url()).await;
    let schema = Schema::capture(&mut connection).await.unwrap();
    let statistics = Statistics::capture(&mut connection, &["payments".to_owned()], false).await;
    let options = Options {
        statistics: statistics.unwrap(),
        ..Options::default()
    };
    let script = "UPDATE payments SET kind = code WHERE id < 100; CREATE UNIQUE INDEX CONCURRENTLY u ON payments (kind)";
    let mut copy = scratch(major).await.database(&schema.database).await.unwrap();
    copy.build(&schema).await.unwrap();
    let rehearsal = rehearse(copy, &[], &autocommit(script), &options).await.unwrap();
    let failures = rehearsal
        .statements
        .iter()
        .filter(|statement| statement.effects.failure.is_some());
    assert_eq!(failures.count(), 0, "{rehearsal:?}");
}

#[tokio::test]
async fn what_nobody_misses_may_go() {
    const SHOP: &str = "
        CREATE TYPE state AS ENUM ('new', 'paid', 'sent');
        CREATE TABLE orders (id bigint PRIMARY KEY, id_old int, ref int, state state NOT NULL, at date NOT NULL);
        INSERT INTO orders SELECT g, g, g + 7, 'new', '2024-01-01' FROM generate_series(1, 2000) AS g;
        CREATE TABLE visits (at date NOT NULL) PARTITION BY RANGE (at);
        CREATE TABLE visits_2023 PARTITION OF visits FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
        CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        INSERT INTO visits VALUES ('2024-01-01');
        GRANT SELECT, INSERT ON orders, visits TO plain;
        ANALYZE;
    ";
    let cases = [
        ("ALTER TABLE orders DROP COLUMN id_old", false),
        ("ALTER TABLE orders DROP COLUMN ref", true),
        ("ALTER TABLE orders DROP COLUMN id_old, DROP COLUMN id", true),
        ("DROP TABLE visits_2023", false),
        (
            "ALTER TABLE visits DETACH PARTITION visits_2023; DROP TABLE visits_2023",
            false,
        ),
        ("ALTER TABLE visits DETACH PARTITION visits_2024", true),
        ("DROP TABLE visits_2024", true),
        ("ALTER TYPE state RENAME VALUE 'paid' TO 'settled'", true),
        ("ALTER TYPE state ADD VALUE 'returned'", false),
    ];
    for major in majors() {
        let server = howdah_testkit::server(major).await;
        let target = server.database("target").await;
        target.execute(SHOP).await;
        let mut connection = connect(&target.url()).await;
        let schema = Schema::capture(&mut connection).await.unwrap();
        let named = ["orders", "visits", "visits_2023", "visits_2024"].map(str::to_owned);
        let options = Options {
            statistics: Statistics::capture(&mut connection, &named, false).await.unwrap(),
            ..Options::default()
        };
        for (script, missed) in cases {
            let mut copy = scratch(major).await.database(&schema.database).await.unwrap();
            copy.build(&schema).await.unwrap();
            let rehearsal = rehearse(copy, &[], &autocommit(script), &options).await.unwrap();
            let effects = || rehearsal.statements.iter().map(|statement| &statement.effects);
            assert!(
                effects().all(|effects| effects.failure.is_none()),
                "{major}: {script}\n{rehearsal:?}"
            );
            let is_missed = effects().any(|effects| {
                !effects.losses.is_empty() || effects.breaks.iter().any(|broken| !broken.prepared_only)
            });
            assert_eq!(is_missed, missed, "{major}: {script}\n{rehearsal:?}");
        }
    }
}
