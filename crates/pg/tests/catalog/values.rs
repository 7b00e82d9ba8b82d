use std::process::Command;

use howdah_pg::Connection;
use howdah_pg::values::{Caps, Limit, Shape, TypeInfo, Types, print_table, to_json};
use howdah_testkit::{Database, majors, server};
use serde_json::{Value, json};

use crate::samples::{Judge, SETUP, Sample, samples};
use crate::{WIDE, collect, connect};

/// Numbers by what they are, not by how they are written.
fn level(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().unwrap() + 0.0),
        Value::Array(items) => items.into_iter().map(level).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, level(value)))
            .collect(),
        other => other,
    }
}

/// The random values in a table `samples`, a column for each type.
async fn fill(database: &Database<'_>, samples: &[Sample]) {
    let columns: Vec<String> = samples
        .iter()
        .enumerate()
        .map(|(index, sample)| format!("c{index} {}", sample.type_name))
        .collect();
    let mut script = format!("CREATE TABLE samples (n int, {});", columns.join(", "));
    for row in 0..samples[0].values.len() {
        let literal = |sample: &Sample| match &sample.values[row] {
            None => "NULL".to_owned(),
            Some(text) => howdah_sql::quote_literal(text),
        };
        let values: Vec<String> = samples.iter().map(literal).collect();
        script.push_str(&format!(
            "INSERT INTO samples VALUES ({row}, {});\n",
            values.join(", ")
        ));
    }
    if let Err(error) = database.probe().await.batch_execute(&script).await {
        panic!(
            "{}",
            error
                .as_db_error()
                .map_or(error.to_string(), |error| error.message().to_owned())
        );
    }
}

#[tokio::test]
async fn values_of_every_type_are_what_to_jsonb_makes_of_them() {
    for major in majors() {
        let database = server(major).await.database("values").await;
        database.execute(SETUP).await;
        let samples = samples(major, 40);
        fill(&database, &samples).await;
        let mut connection = connect(&database.url()).await;
        let count = samples.len();
        let as_json: Vec<String> = (0..count).map(|index| format!("to_jsonb(c{index})")).collect();
        let (ours, notes, types) = crate::json(&mut connection, "SELECT * FROM samples ORDER BY n").await;
        let sql = format!("SELECT n, {} FROM samples ORDER BY n", as_json.join(", "));
        let theirs = collect(&mut connection, &sql, WIDE).await;
        let mut theirs = theirs.cells();
        let as_text: Vec<String> = (0..count).map(|index| format!("c{index}::text")).collect();
        let sql = format!("SELECT n, {} FROM samples ORDER BY n", as_text.join(", "));
        let texts = collect(&mut connection, &sql, WIDE).await;
        let mut texts = texts.cells();
        assert_eq!(ours.len(), 40);
        for row in &ours {
            theirs.next();
            texts.next();
            for ((value, sample), type_) in row[1..].iter().zip(&samples).zip(&types[1..]) {
                let expected = theirs
                    .next()
                    .unwrap()
                    .map_or(Value::Null, |cell| to_json(cell.text, &Shape::Json));
                let text = texts.next().unwrap().map_or(Value::Null, |cell| json!(cell.text));
                let expected = match sample.judge {
                    Judge::Same => expected,
                    Judge::Text => text,
                };
                let (ours, theirs) = (level(value.clone()), level(expected));
                assert_eq!(ours, theirs, "{} ({}) on {major}", sample.type_name, type_.name);
            }
        }
        assert!(
            notes
                .notes
                .iter()
                .any(|note| note.bounds.as_deref() == Some("[-1:0]"))
        );
    }
}

#[tokio::test]
async fn tables_are_what_psql_prints() {
    for major in majors() {
        let server = server(major).await;
        let database = server.database("psql").await;
        database.execute(SETUP).await;
        let samples = samples(major, 10);
        fill(&database, &samples).await;
        let mut connection = connect(&database.url()).await;
        for sql in [
            "SELECT * FROM samples ORDER BY n",
            "SELECT 1 AS \"two\nlines\", NULL::int AS n, 'a\nb' AS t",
            "SELECT n FROM samples WHERE false",
            "SELECT n FROM samples LIMIT 1",
        ] {
            let ours = print_table(&collect(&mut connection, sql, WIDE).await);
            let psql = Command::new("psql")
                .args(["-X", "--no-psqlrc", "-d", &database.url(), "-c", sql])
                .env("PGCLIENTENCODING", "UTF8")
                .env("PAGER", "cat")
                .output()
                .expect("the test compares with psql, which ./dev test installs");
            let theirs = String::from_utf8(psql.stdout).unwrap();
            for (ours, theirs) in ours.lines().zip(theirs.lines()) {
                let same = ours
                    .chars()
                    .zip(theirs.chars())
                    .take_while(|(ours, theirs)| ours == theirs)
                    .count();
                let around = |line: &str| {
                    line.chars()
                        .skip(same.saturating_sub(20))
                        .take(60)
                        .collect::<String>()
                };
                assert_eq!(around(ours), around(theirs), "{major}: {sql}");
            }
            assert_eq!(format!("{ours}\n").len(), theirs.len(), "{major}: {sql}");
        }
    }
}

#[tokio::test]
async fn built_in_types_are_known_without_asking_and_rightly() {
    for major in majors() {
        let database = server(major).await.database("types").await;
        let mut connection = connect(&database.url()).await;
        let sql = "SELECT t.oid, CASE WHEN t.typname = 'char' THEN '\"char\"' ELSE t.typname::text END, e.oid, t.typdelim,
                          CASE WHEN e.typname = 'char' THEN '\"char\"' ELSE e.typname::text END
                   FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
                   WHERE t.oid < 10000 AND t.typtype IN ('b', 'r', 'm')
                     AND NOT EXISTS (SELECT FROM pg_type c WHERE c.oid = t.typelem AND c.typtype = 'c')";
        let rows = connection.query(sql, &[]).await.unwrap();
        assert!(rows.len() > 140);
        for row in rows.iter() {
            let name = row.get(1).unwrap();
            let known = TypeInfo::built_in(row.parse(0).unwrap());
            let known = known.unwrap_or_else(|| panic!("{name} of {major} is not in the table"));
            match row.get(4) {
                None => {
                    assert_eq!(known.name, name);
                    assert!(!matches!(*known.shape, Shape::Array { .. }), "{name}");
                }
                Some(element) => {
                    assert_eq!(known.name, format!("{element}[]"));
                    let element = TypeInfo::built_in(row.parse(2).unwrap()).unwrap();
                    let delimiter = row.get(3).unwrap().as_bytes()[0];
                    let array = Shape::Array {
                        element: element.shape.clone(),
                        delimiter,
                    };
                    assert_eq!(*known.shape, array, "{name}");
                }
            }
        }
        assert_eq!(TypeInfo::built_in(83), None);
    }
}

#[tokio::test]
async fn types_that_change_are_seen_as_they_are_now() {
    for major in majors() {
        let database = server(major).await.database("altered").await;
        let admin = database.probe().await;
        admin
            .batch_execute(
                "CREATE TYPE mood AS ENUM ('a'); CREATE TYPE p AS (x int, y text);
                 CREATE TABLE t (m mood, c p, cs p[]); INSERT INTO t VALUES ('a', '(1,u)', '{\"(2,v)\"}')",
            )
            .await
            .unwrap();
        let mut connection = connect(&database.url()).await;
        let mut types = Types::new();
        let sql = "SELECT * FROM t ORDER BY m LIMIT 1";
        assert_eq!(
            first(&mut connection, &mut types, sql).await,
            json!(["a", {"x": 1, "y": "u"}, [{"x": 2, "y": "v"}]])
        );
        admin
            .batch_execute(
                "ALTER TYPE mood ADD VALUE '0' BEFORE 'a';
                 ALTER TYPE p ADD ATTRIBUTE z bool; ALTER TYPE p RENAME ATTRIBUTE x TO n; ALTER TYPE p DROP ATTRIBUTE y",
            )
            .await
            .unwrap();
        admin
            .batch_execute("INSERT INTO t VALUES ('0', '(5,t)', '{}')")
            .await
            .unwrap();
        assert_eq!(
            first(&mut connection, &mut types, sql).await,
            json!(["0", {"n": 5, "z": true}, []])
        );
        // The row type of the table itself, and a type that is gone when it is looked up.
        assert_eq!(
            first(&mut connection, &mut types, "SELECT t FROM t ORDER BY m LIMIT 1").await,
            json!([{"m": "0", "c": {"n": 5, "z": true}, "cs": []}])
        );
        let set = collect(&mut connection, "SELECT c FROM t", WIDE).await;
        admin.batch_execute("DROP TABLE t; DROP TYPE p").await.unwrap();
        let resolved = types.resolve(&mut connection, &set.columns).await.unwrap();
        assert_eq!(set.to_json(&resolved).json, "[[\"(1,)\"],[\"(5,t)\"]]");
    }
}

async fn first(connection: &mut Connection, types: &mut Types, sql: &str) -> Value {
    let set = collect(connection, sql, WIDE).await;
    let types = types.resolve(connection, &set.columns).await.unwrap();
    let rows: Vec<Value> = serde_json::from_str(&set.to_json(&types).json).unwrap();
    rows[0].clone()
}

#[tokio::test]
async fn anonymous_rows_duplicate_names_and_no_columns() {
    for major in majors() {
        let mut connection = connect(&server(major).await.url("postgres")).await;
        let sql = "SELECT 1 AS id, 'x' AS id, ROW(1, 'a b', NULL) AS r, ARRAY[ROW(1, 't'::text)] AS rs";
        let (rows, _, types) = crate::json(&mut connection, sql).await;
        assert_eq!(
            rows,
            [vec![
                json!(1),
                json!("x"),
                json!(["1", "a b", null]),
                json!([["1", "t"]])
            ]]
        );
        let set = collect(&mut connection, sql, WIDE).await;
        let described = set.described(&types);
        let described: Vec<_> = described
            .iter()
            .map(|c| (c.name.as_str(), c.type_name.as_str()))
            .collect();
        assert_eq!(
            described,
            [
                ("id", "int4"),
                ("id", "text"),
                ("r", "record"),
                ("rs", "record[]")
            ]
        );
        let (rows, ..) = crate::json(&mut connection, "SELECT FROM generate_series(1, 2)").await;
        assert_eq!(rows, [vec![], vec![]] as [Vec<Value>; 2]);
    }
}

#[tokio::test]
async fn caps_are_kept_and_truncation_is_told_exactly() {
    for major in majors() {
        let mut connection = connect(&server(major).await.url("postgres")).await;
        let caps = |max_rows, max_bytes, max_cell_bytes| Caps {
            max_rows,
            max_bytes,
            max_cell_bytes,
        };
        for (count, kept, truncated) in [(9, 9, None), (10, 10, None), (11, 10, Some(Limit::Rows))] {
            let sql = format!("SELECT generate_series(1, {count})");
            let set = collect(&mut connection, &sql, caps(10, 1 << 20, 1 << 10)).await;
            assert_eq!((set.len(), set.truncated()), (kept, truncated));
        }
        let set = collect(
            &mut connection,
            "SELECT repeat('x', 100) FROM generate_series(1, 50)",
            caps(100, 1000, 1000),
        )
        .await;
        assert_eq!((set.len(), set.truncated()), (10, Some(Limit::Bytes)));
        // As JSON the same rows take more: the cap holds for that form too.
        let types = Types::new().resolve(&mut connection, &set.columns).await.unwrap();
        let rows = set.to_json(&types);
        assert_eq!((rows.rows, rows.truncated), (9, Some(Limit::Bytes)));
        assert!(rows.json.len() <= 1000);
        assert_eq!(serde_json::from_str::<Vec<Value>>(&rows.json).unwrap().len(), 9);

        let sql = "SELECT 'short', repeat('ä', 1000), ARRAY[repeat('y', 50)], NULL";
        let set = collect(&mut connection, sql, caps(10, 1 << 20, 21)).await;
        let types = Types::new().resolve(&mut connection, &set.columns).await.unwrap();
        let rows = set.to_json(&types);
        let value: Value = serde_json::from_str(&rows.json).unwrap();
        let cut = format!("{}… [cut: 20 of 2000 bytes]", "ä".repeat(10));
        assert_eq!(
            value[0],
            json!([
                "short",
                cut,
                format!("{{{}… [cut: 21 of 52 bytes]", "y".repeat(20)),
                null
            ])
        );
        let cut: Vec<_> = rows
            .notes
            .iter()
            .map(|note| (note.row, note.column, note.full_bytes))
            .collect();
        assert_eq!(cut, [(0, 1, Some(2000)), (0, 2, Some(52))]);
        // The connection goes on as if nothing had been stopped.
        assert_eq!(connection.query("SELECT 1", &[]).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_hundred_thousand_rows_take_little_memory() {
    let mut connection = connect(&server(majors()[0]).await.url("postgres")).await;
    let caps = Caps {
        max_rows: 100_000,
        max_bytes: 1 << 20,
        max_cell_bytes: 64 << 10,
    };
    let before = resident_kib();
    let sql = "SELECT n, md5(n::text), n::numeric, now(), ARRAY[n, n] FROM generate_series(1, 200000) n";
    let set = collect(&mut connection, sql, caps).await;
    let types = Types::new().resolve(&mut connection, &set.columns).await.unwrap();
    let rows = set.to_json(&types);
    assert_eq!(rows.truncated, Some(Limit::Bytes));
    assert!(rows.json.len() <= 1 << 20 && rows.rows > 5000, "{}", rows.rows);
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 30 * 1024, "{grown} KiB");
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap_or("0 0");
    line.split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn json_that_readers_choke_on_is_text() {
    let mut connection = connect(&server(majors()[0]).await.url("postgres")).await;
    let sql = "SELECT '\"\\ud800\"'::json, (repeat('[', 500) || repeat(']', 500))::json, '12345678901234567890.5'::jsonb";
    let (rows, ..) = crate::json(&mut connection, sql).await;
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    assert_eq!(
        rows[0],
        [json!("\"\\ud800\""), json!(deep), json!("12345678901234567890.5")]
    );
}
