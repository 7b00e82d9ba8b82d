use std::fs;
use std::path::Path;
use std::time::Duration;

use howdah_pg::export::{Export, ExportError, Exported, Format};
use howdah_pg::values::Types;
use howdah_pg::{Connection, Step};
use howdah_testkit::{majors, server};

use crate::connect;
use crate::samples::{SETUP, samples};

async fn export(
    connection: &mut Connection,
    sql: &str,
    path: &Path,
    format: Format,
    overwrite: bool,
) -> Result<Exported, ExportError> {
    let mut export = Export::create(path, format, overwrite)?;
    connection.run(&[Step::new(sql)], &mut export).await.unwrap();
    export.finish(&mut Types::new(), connection).await
}

fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn csv_is_what_copy_writes_and_the_rest_is_what_collectors_make() {
    for major in majors() {
        let database = server(major).await.database("export").await;
        database.execute(SETUP).await;
        let samples = samples(major, 20);
        let literal = |value: &Option<String>| {
            value
                .as_deref()
                .map_or("NULL".to_owned(), howdah_sql::quote_literal)
        };
        for sample in &samples {
            // A column after the other: as two, so that also the text between is seen.
            let rows: Vec<String> = sample
                .values
                .iter()
                .map(|value| format!("({0}::{1}, {0}::{1})", literal(value), sample.type_name))
                .collect();
            let sql = format!("SELECT * FROM (VALUES {}) AS v(a, \"b\"\"x\")", rows.join(", "));
            let directory = tempfile::tempdir().unwrap();
            let mut connection = connect(&database.url()).await;
            let path = directory.path().join("out.csv");
            let done = export(&mut connection, &sql, &path, Format::Csv, false)
                .await
                .unwrap();
            let ours = fs::read(&path).unwrap();
            assert_eq!((done.rows, done.bytes), (20, ours.len() as u64));
            let mut theirs = Vec::new();
            connection
                .copy_out(
                    &format!("COPY ({sql}) TO STDOUT (FORMAT csv, HEADER)"),
                    &mut theirs,
                )
                .await
                .unwrap();
            assert_eq!(
                String::from_utf8_lossy(&ours),
                String::from_utf8_lossy(&theirs),
                "{}",
                sample.type_name
            );

            let path = directory.path().join("out.jsonl");
            export(&mut connection, &sql, &path, Format::JsonLines, false)
                .await
                .unwrap();
            let lines = fs::read_to_string(&path).unwrap();
            let (rows, ..) = crate::json(&mut connection, &sql).await;
            assert_eq!(lines.lines().count(), 20);
            for (line, row) in lines.lines().zip(&rows) {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!((&line["a"], &line["b\"x"]), (&row[0], &row[1]));
            }
            let path = directory.path().join("out.txt");
            export(&mut connection, &sql, &path, Format::Table, false)
                .await
                .unwrap();
            let table =
                howdah_pg::values::print_table(&crate::collect(&mut connection, &sql, crate::WIDE).await);
            assert_eq!(fs::read_to_string(&path).unwrap(), table);
            assert_eq!(files(directory.path()), ["out.csv", "out.jsonl", "out.txt"]);
        }
    }
}

#[tokio::test]
async fn nothing_is_overwritten_or_left_behind() {
    let server = server(majors()[0]).await;
    let mut connection = connect(&server.url("postgres")).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.csv");
    fs::write(&path, "precious").unwrap();
    let refused = Export::create(&path, Format::Csv, false).err().unwrap();
    assert!(matches!(refused, ExportError::Exists(_)), "{refused}");
    export(&mut connection, "SELECT 1 AS a", &path, Format::Csv, true)
        .await
        .unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a\n1\n");
    // A file that appears while the export runs is not overwritten either.
    let late = directory.path().join("late.csv");
    let mut running = Export::create(&late, Format::Csv, false).unwrap();
    connection
        .run(&[Step::new("SELECT 1")], &mut running)
        .await
        .unwrap();
    fs::write(&late, "precious").unwrap();
    let refused = running
        .finish(&mut Types::new(), &mut connection)
        .await
        .unwrap_err();
    assert!(matches!(refused, ExportError::Exists(_)), "{refused}");
    assert_eq!(fs::read_to_string(&late).unwrap(), "precious");
    // An error in the middle, no columns at all, a directory, a missing directory.
    for format in [Format::Csv, Format::JsonLines, Format::Table] {
        let path = directory.path().join("failed");
        let mut export = Export::create(&path, format, false).unwrap();
        let sql = "SELECT 1 / (500 - n) FROM generate_series(1, 1000) n";
        assert!(connection.run(&[Step::new(sql)], &mut export).await.is_err());
        drop(export);
        let mut export = Export::create(&path, format, false).unwrap();
        connection
            .run(&[Step::new("SET work_mem = '4MB'")], &mut export)
            .await
            .unwrap();
        let error = export
            .finish(&mut Types::new(), &mut connection)
            .await
            .unwrap_err();
        assert!(matches!(error, ExportError::NoResult(_)), "{error}");
    }
    assert!(Export::create(directory.path(), Format::Csv, true).is_err());
    assert!(Export::create(&directory.path().join("no/such"), Format::Csv, true).is_err());
    // Given up while the server still sends.
    for format in [Format::Csv, Format::Table] {
        let mut other = connect(&server.url("postgres")).await;
        let path = directory.path().join("cancelled");
        let mut export = Export::create(&path, format, false).unwrap();
        let sql = "SELECT n, repeat('x', 100) FROM generate_series(1, 100000000) n";
        let steps = [Step::new(sql)];
        let run = other.run(&steps, &mut export);
        assert!(
            tokio::time::timeout(Duration::from_millis(300), run)
                .await
                .is_err()
        );
        drop(export);
    }
    assert_eq!(files(directory.path()), ["late.csv", "out.csv"]);
}

#[tokio::test]
async fn a_value_too_large_for_memory_ends_the_export() {
    let mut connection = connect(&server(majors()[0]).await.url("postgres")).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.csv");
    let sql =
        "SELECT n, repeat('x', CASE n WHEN 3 THEN 70000000 ELSE 1 END) AS big FROM generate_series(1, 5) n";
    let error = export(&mut connection, sql, &path, Format::Csv, false)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ExportError::TooLarge { column, row: 3, bytes: 70_000_000, .. } if column == "big"),
        "{error}"
    );
    assert!(files(directory.path()).is_empty());
}
