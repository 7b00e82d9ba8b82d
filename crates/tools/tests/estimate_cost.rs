//! `howdah cost` in the built program: no account, no server.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

use howdah_testkit::mcp::{Client, Era, Options};
use serde_json::{Value, json};

fn run(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(howdah_testkit::howdah())
        .arg("cost")
        .args(arguments)
        .env("HOWDAH_HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env_remove("DATABASE_URL")
        .current_dir(home.path())
        .output()
        .unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn refusal(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

const PLANNED: [&str; 10] = [
    "--region",
    "us-east-1",
    "--size",
    "db.r6g.large",
    "--storage-gib",
    "100",
    "--io-requests",
    "500000000",
    "--metrics-hours",
    "336",
];

#[test]
fn every_number_comes_with_its_formula() {
    let said = text(&PLANNED);
    for part in [
        "$189.80",
        "1 instances of db.r6g.large × 730 h × 0.26",
        "500000000 requests ÷ 1000000 × 0.2",
        "$299.80",
        "I/O-Optimized saves $30.56 a month",
        "56.94 + 12.5",
        "2026-03-28",
        "missing",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let json: Value = serde_json::from_str(&text(&[&PLANNED[..], &["--json"]].concat())).unwrap();
    assert_eq!(json["estimate"]["monthly"], "299.8");
    let advice = json["estimate"]["advice"].as_array().unwrap();
    let io = advice
        .iter()
        .find(|advice| advice["rule"] == "io-optimized")
        .unwrap();
    assert_eq!((&io["verdict"], &io["saves"]), (&json!("saves"), &json!("30.56")));
    assert!(
        io["figures"]
            .as_array()
            .unwrap()
            .iter()
            .all(|figure| figure["formula"].is_string())
    );
}

#[test]
fn options_take_the_place_of_what_a_file_has() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cluster.json");
    std::fs::write(
        &file,
        r#"{"region": "us-east-1", "size": "db.r6g.large", "instances": 2, "storage_gib": 0.1}"#,
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let of = |more: &[&str]| -> Value {
        serde_json::from_str(&text(&[&["--file", file, "--json"], more].concat())).unwrap()
    };
    // A tenth is a tenth: 379.60 + 0.1 × 0.10.
    assert_eq!(of(&[])["estimate"]["monthly"], "379.61");
    assert_eq!(of(&["--instances", "1"])["estimate"]["monthly"], "189.81");

    let mine = text(&["--example-prices"])
        .replace("us-east-1", "eu-west-1")
        .replace("\"0.260\"", "\"0.290\"");
    let prices = directory.path().join("prices.json");
    std::fs::write(&prices, mine).unwrap();
    let told = of(&["--prices", prices.to_str().unwrap(), "--region", "eu-west-1"]);
    assert_eq!(told["estimate"]["monthly"], "423.41");

    std::fs::write(
        directory.path().join("cluster.json"),
        r#"{"region": "us-east-1", "size": "db.r6g.large", "storage": 5}"#,
    )
    .unwrap();
    assert!(refusal(&["--file", file]).contains("storage"));
}

#[test]
fn what_is_missing_is_said_with_the_way_out() {
    assert!(refusal(&["--size", "db.r6g.large"]).contains("--region"));
    assert!(refusal(&["--region", "us-east-1"]).contains("--size"));
    let refused = refusal(&["--region", "mars-1", "--size", "db.r6g.large"]);
    assert!(
        refused.contains("--prices FILE") && refused.contains("us-east-1"),
        "{refused}"
    );
    let refused = refusal(&[
        "--region",
        "us-east-1",
        "--size",
        "db.r6g.large",
        "--storage-gib=-5",
    ]);
    assert!(refused.contains("-5"), "{refused}");
    assert!(refusal(&["--region", "us-east-1", "--size", "0.3-4"]).contains("steps of 0.5"));
    let young = text(&[
        "--region",
        "us-east-1",
        "--size",
        "0.5-4",
        "--metrics-hours",
        "100",
    ]);
    assert!(young.contains("Ask again in 68 hours"), "{young}");
}

#[tokio::test]
async fn an_agent_gives_figures_and_reads_no_files() {
    let home = tempfile::tempdir().unwrap();
    let agent = Client::start(Options {
        era: Era::Stateless,
        arguments: ["--toolsets", "ops"].map(str::to_owned).into(),
        environment: vec![("HOWDAH_HOME".into(), home.path().display().to_string())],
        person: None,
    })
    .await;
    let reply = agent
        .call_tool("estimate_cost", json!({ "region": "us-east-1", "size": "db.r7g.large", "instances": 2, "storage_gib": "500", "backup_gib": 600 }))
        .await
        .unwrap();
    assert_eq!(
        reply["structuredContent"]["estimate"]["monthly"], "455.06",
        "{reply}"
    );
    let reply = agent
        .call_tool("estimate_cost", json!({ "file": "/etc/passwd" }))
        .await
        .unwrap();
    assert_eq!(reply["isError"], true, "{reply}");
    assert!(!reply.to_string().contains("root:"), "{reply}");
}

/// Lets the counters of a database say that they count since longer ago: the server keeps that moment in a file.
async fn aged(server: &howdah_testkit::Server, database: &howdah_testkit::Database<'_>, days: i64) {
    let asked = "SELECT pg_stat_reset(); SELECT pg_sleep(0.2)";
    database.execute(asked).await;
    // Microseconds since 2000, as they stand in the file.
    let moment = "SELECT ((extract(epoch FROM stats_reset)::numeric - 946684800) * 1000000)::int8 \
                  FROM pg_stat_database WHERE datname = current_database()";
    let since: i64 = database
        .probe()
        .await
        .query_one(moment, &[])
        .await
        .unwrap()
        .get(0);
    server.stop().await;
    let file = server.data_dir().join("pg_stat/pgstat.stat");
    let mut kept = std::fs::read(&file).unwrap();
    let (from, to) = (since.to_le_bytes(), (since - days * 86_400_000_000).to_le_bytes());
    let places: Vec<usize> = (0..kept.len() - 7)
        .filter(|at| kept[*at..at + 8] == from)
        .collect();
    assert_eq!(places.len(), 1, "the moment stands there once");
    kept[places[0]..places[0] + 8].copy_from_slice(&to);
    std::fs::write(&file, kept).unwrap();
    server.start().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unused_indexes_and_tables_of_a_server_cost_money() {
    let options = howdah_testkit::ServerOptions::default();
    let server = howdah_testkit::private(options).await;
    let database = server.database("cost").await;
    database
        .execute(
            "CREATE TABLE orders (id int PRIMARY KEY, customer int, note text);
             INSERT INTO orders SELECT i, i % 1000, 'x' FROM generate_series(1, 20000) i;
             CREATE INDEX by_customer ON orders (customer); CREATE INDEX by_note ON orders (note, id);
             ANALYZE orders",
        )
        .await;
    database.execute(TABLES).await;
    let cost = |url: &str| text(&[PLANNED.as_slice(), &["--unused-of-target", "--url", url]].concat());
    // Counters that count since a moment ago say nothing.
    let young = cost(&database.url());
    assert!(
        young.contains("is told after 7")
            && young.contains("The same goes for tables")
            && !young.contains("unused-relations"),
        "{young}"
    );
    aged(&server, &database, 30).await;
    // One of them is read; of the tables some are read, some written.
    let used = "SET enable_seqscan = off; SELECT count(*) FROM orders WHERE customer = 7; \
                SELECT count(*) FROM half_1; INSERT INTO written VALUES (0); SELECT count(*) FROM looked_at";
    database.execute(used).await;
    database.execute("SELECT pg_sleep(1.2)").await;
    let probe = database.probe().await;
    let size = async |sql: &str| -> f64 {
        let bytes: i64 = probe.query_one(sql, &[]).await.unwrap().get(0);
        bytes as f64 / f64::from(1 << 30)
    };
    let indexes = size("SELECT pg_relation_size('by_note')").await;
    // With TOAST and indexes, of which one is unread as well and must not count twice.
    let tables = size(
        r#"SELECT pg_total_relation_size('"Old "" Notes"') + pg_total_relation_size('events_1') + pg_total_relation_size('events_2')"#,
    )
    .await;
    let toast = size(r#"SELECT pg_table_size('"Old "" Notes"') - pg_relation_size('"Old "" Notes"')"#).await;
    assert!(toast > 0.001, "the notes are kept in TOAST");
    let old = cost(&database.url());
    assert!(
        old.contains("unused-relations") && old.contains("Unused: 1 index of"),
        "{old}"
    );
    assert!(old.contains("not read in the 30"), "{old}");
    assert!(
        old.contains("Unused: 2 tables of") && old.contains("neither read nor written in the 30"),
        "{old}"
    );
    assert!(
        old.contains(r#""Old "" Notes" ("#) && old.contains("in 2 partitions)"),
        "{old}"
    );
    let named = old
        .lines()
        .find(|line| line.contains("Unused: 2 tables of"))
        .unwrap();
    for used in [
        "half",
        "public.written",
        "looked_at",
        "distant",
        "mixed",
        "of_an_extension",
        "journal",
        "orders",
    ] {
        assert!(!named.contains(used), "{used}: {named}");
    }
    assert!(
        old.contains("What replicas and readers of Aurora read is not counted here"),
        "{old}"
    );
    let (indexes, tables) = (
        howdah_aurora::cost::Decimal::measured(indexes),
        howdah_aurora::cost::Decimal::measured(tables),
    );
    let together = &indexes + &tables;
    for formula in [
        format!("{together} GiB = {indexes} GiB of indexes + {tables} GiB of tables."),
        format!("{together} GiB × 0.1"),
    ] {
        assert!(old.contains(&formula), "{formula}: {old}");
    }
    // What somebody locks wholly is neither waited for nor counted.
    let locker = database.probe().await;
    locker.batch_execute("BEGIN; LOCK TABLE events_2").await.unwrap();
    let locked = cost(&database.url());
    assert!(
        locked.contains("Unused: 1 table of") && !locked.contains("in 2 partitions"),
        "{locked}"
    );
    // And what is read is used from then on, though one partition of two it be.
    locker
        .batch_execute("ROLLBACK; SELECT count(*) FROM events_1; SELECT pg_sleep(1.2)")
        .await
        .unwrap();
    let read = cost(&database.url());
    assert!(
        read.contains("Unused: 1 table of") && !read.contains("events ("),
        "{read}"
    );
}

/// Unused are the notes, most of them in TOAST and with an index that nobody reads, and both partitions of the events.
const TABLES: &str = r#"
    CREATE TABLE "Old "" Notes" (id int PRIMARY KEY, note text);
    ALTER TABLE "Old "" Notes" ALTER note SET STORAGE EXTERNAL;
    INSERT INTO "Old "" Notes" SELECT i, repeat(md5(i::text), 200) FROM generate_series(1, 500) i;
    INSERT INTO "Old "" Notes" SELECT i, 'x' FROM generate_series(501, 20000) i;
    CREATE INDEX unread ON "Old "" Notes" (id, (length(note)));
    CREATE TABLE events (id int) PARTITION BY RANGE (id);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10000);
    CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10000) TO (30000);
    INSERT INTO events SELECT generate_series(1, 20000);
    CREATE INDEX ON events_1 (id);
    CREATE TABLE half (id int) PARTITION BY RANGE (id);
    CREATE TABLE half_1 PARTITION OF half FOR VALUES FROM (0) TO (10000);
    CREATE TABLE half_2 PARTITION OF half FOR VALUES FROM (10000) TO (30000);
    INSERT INTO half SELECT generate_series(1, 20000);
    CREATE TABLE written AS SELECT generate_series(1, 20000) AS id;
    CREATE TABLE looked_at AS SELECT generate_series(1, 20000) AS id;
    CREATE TABLE of_an_extension AS SELECT generate_series(1, 20000) AS id;
    ALTER EXTENSION plpgsql ADD TABLE of_an_extension;
    CREATE SCHEMA howdah;
    CREATE TABLE howdah.journal AS SELECT generate_series(1, 20000) AS id;
    CREATE FOREIGN DATA WRAPPER nowhere;
    CREATE SERVER far FOREIGN DATA WRAPPER nowhere;
    CREATE FOREIGN TABLE distant (id int) SERVER far;
    CREATE TABLE mixed (id int) PARTITION BY RANGE (id);
    CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES FROM (0) TO (30000);
    CREATE FOREIGN TABLE mixed_2 PARTITION OF mixed FOR VALUES FROM (30000) TO (40000) SERVER far;
    INSERT INTO mixed_1 SELECT generate_series(1, 20000);
    ANALYZE "Old "" Notes";
    ANALYZE events_1; ANALYZE half_1"#;
