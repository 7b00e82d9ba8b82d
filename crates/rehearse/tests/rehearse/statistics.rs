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
            let line = lines(&rehearsal).join("; ");
            let is_about_rows = |word: &&str| {
                ["broke ", "failed ", "InvalidIndex", "RowsWritten"]
                    .iter()
                    .any(|start| word.starts_with(start))
            };
            let found: Vec<&str> = line.split(", ").filter(is_about_rows).collect();
            assert_eq!(found.join(", "), expected, "{major}: {script}\n{rehearsal:?}");
        }
    }
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
