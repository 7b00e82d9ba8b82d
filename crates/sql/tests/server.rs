//! What this crate says about statements, held against real servers.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpStream;

use howdah_sql::{Kind, Limits, StatementEffect, parse, quote_ident, quote_literal};
use howdah_testkit as testkit;

/// A session that sees the command tags, which client libraries hide.
struct Session(TcpStream);

/// The command tag without its count, or the SQLSTATE and message.
type Answer = Result<String, (String, String)>;

impl Session {
    fn open(server: &testkit::Server, database: &str) -> Self {
        let mut session = Self(TcpStream::connect(("127.0.0.1", server.port())).unwrap());
        let mut startup = 196_608u32.to_be_bytes().to_vec();
        startup.extend(format!("user\0postgres\0database\0{database}\0\0").as_bytes());
        let len = (startup.len() as u32 + 4).to_be_bytes();
        session.0.write_all(&[&len[..], &startup].concat()).unwrap();
        session.answer().unwrap();
        session
    }

    fn run(&mut self, sql: &str) -> Answer {
        let len = (sql.len() as u32 + 5).to_be_bytes();
        let message = [b"Q", &len[..], sql.as_bytes(), b"\0"].concat();
        self.0.write_all(&message).unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Answer {
        let mut answer = Ok(String::new());
        loop {
            let mut head = [0; 5];
            self.0.read_exact(&mut head).unwrap();
            let len = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4;
            let mut body = vec![0; len];
            self.0.read_exact(&mut body).unwrap();
            match head[0] {
                b'C' => {
                    let tag = String::from_utf8(body).unwrap();
                    let words = tag.trim_end_matches('\0').split(' ');
                    let words: Vec<_> = words.filter(|word| word.parse::<u64>().is_err()).collect();
                    answer = Ok(words.join(" "));
                }
                b'E' => {
                    let field = |code: char| {
                        let fields = String::from_utf8_lossy(&body).into_owned();
                        let field = fields
                            .split('\0')
                            .find_map(|f| f.strip_prefix(code).map(str::to_owned));
                        field.unwrap_or_default()
                    };
                    answer = Err((field('C'), field('M')));
                }
                b'Z' => return answer,
                // Rows, notices, and a COPY that wants data: end it.
                b'G' => self.0.write_all(&[b'c', 0, 0, 0, 4]).unwrap(),
                _ => {}
            }
        }
    }
}

/// Statements that the server carries out anywhere, in an order that lets
/// every one succeed. A number in front is the first major version that has it.
const ANYWHERE: &str = include_str!("statements/anywhere.sql");

/// Statements that the server refuses inside of a transaction block.
const ALONE: &str = include_str!("statements/alone.sql");

/// The statements of a file: one each line, blank lines and comments aside.
fn lines(file: &str, major: u16) -> impl Iterator<Item = &str> {
    file.lines().filter_map(move |line| {
        let line = line.trim();
        match line
            .split_once(": ")
            .and_then(|(since, rest)| Some((since.parse::<u16>().ok()?, rest)))
        {
            Some((since, rest)) => (major >= since).then_some(rest),
            None => (!line.is_empty() && !line.starts_with("--")).then_some(line),
        }
    })
}

fn kind(sql: &str) -> Kind {
    let script = parse(sql, &Limits::default()).unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(script.statements.len(), 1, "{sql}");
    script.statements[0].kind().clone()
}

/// The server reports how a CREATE TABLE AS went as a SELECT, and some
/// GRANTs and others under one name.
fn same_tag(ours: &str, theirs: &str) -> bool {
    ours == theirs
        || matches!(
            (ours, theirs),
            (
                "CREATE TABLE AS" | "SELECT INTO" | "CREATE MATERIALIZED VIEW" | "EXECUTE",
                "SELECT"
            )
        )
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_the_servers() {
    for major in testkit::majors() {
        let server = testkit::server(major).await;
        let database = server.database("tags").await;
        let mut session = Session::open(server, &database.name);
        for sql in lines(ANYWHERE, major) {
            let tag = session
                .run(sql)
                .unwrap_or_else(|error| panic!("{major}: {sql}: {error:?}"));
            let kind = kind(sql);
            assert!(same_tag(kind.name(), &tag), "{major}: {sql}: {kind:?} is {tag}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_in_a_transaction_does() {
    for major in testkit::majors() {
        let server = testkit::server(major).await;
        let database = server.database("inside").await;
        let mut session = Session::open(server, &database.name);
        for sql in lines(ANYWHERE, major) {
            let kind = kind(sql);
            assert!(kind.runs_in_transaction(), "{sql}");
            // Transaction commands act on the block itself.
            if kind.effect() != StatementEffect::Transaction {
                session.run("BEGIN").unwrap();
                session
                    .run(sql)
                    .unwrap_or_else(|error| panic!("{major}: {sql}: {error:?}"));
                session.run("COMMIT").unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_alone_is_refused_in_a_transaction() {
    for major in testkit::majors() {
        let server = testkit::private(testkit::ServerOptions {
            major,
            settings: vec![
                ("wal_level".into(), "logical".into()),
                ("max_prepared_transactions".into(), "5".into()),
                ("allow_in_place_tablespaces".into(), "on".into()),
            ],
            ..testkit::ServerOptions::default()
        })
        .await;
        let database = server.database("alone").await;
        let mut session = Session::open(&server, &database.name);
        for sql in lines(ALONE, major) {
            if let Some(setup) = sql.strip_prefix("setup ") {
                session
                    .run(setup)
                    .unwrap_or_else(|error| panic!("{major}: {setup}: {error:?}"));
                continue;
            }
            let (sql, succeeds) = match sql.strip_prefix("refused ") {
                Some(sql) => (sql, false),
                None => (sql, true),
            };
            let kind = kind(sql);
            assert!(!kind.runs_in_transaction(), "{sql}");
            session.run("BEGIN").unwrap();
            let refused = session.run(sql).unwrap_err();
            assert_eq!(refused.0, "25001", "{major}: {sql}: {refused:?}");
            session.run("ROLLBACK").unwrap();
            if !succeeds {
                continue;
            }
            let tag = session
                .run(sql)
                .unwrap_or_else(|error| panic!("{major}: {sql}: {error:?}"));
            assert!(same_tag(kind.name(), &tag), "{major}: {sql}: {kind:?} is {tag}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_reads_is_accepted_read_only_and_what_writes_is_not() {
    for major in testkit::majors() {
        let server = testkit::server(major).await;
        let database = server.database("effects").await;
        let mut session = Session::open(server, &database.name);
        session.run("CREATE TABLE t (a int)").unwrap();
        session.run("SET default_transaction_read_only = on").unwrap();
        for (sql, effect) in [
            ("SELECT 1 FROM t", StatementEffect::ReadOnly),
            ("VALUES (1)", StatementEffect::ReadOnly),
            ("TABLE t", StatementEffect::ReadOnly),
            ("SHOW search_path", StatementEffect::ReadOnly),
            ("EXPLAIN INSERT INTO t VALUES (1)", StatementEffect::ReadOnly),
            ("EXPLAIN (ANALYZE) SELECT 1", StatementEffect::ReadOnly),
            ("EXPLAIN (ANALYZE false) DELETE FROM t", StatementEffect::ReadOnly),
            ("WITH x AS (SELECT 1) SELECT * FROM x", StatementEffect::ReadOnly),
            ("COPY t TO STDOUT", StatementEffect::ReadOnly),
            ("COPY (SELECT 1) TO STDOUT", StatementEffect::ReadOnly),
            ("SELECT 'for update' AS share", StatementEffect::ReadOnly),
            ("SELECT 1 FROM t FOR UPDATE", StatementEffect::Writes),
            (
                "SELECT 1 FROM (SELECT * FROM t FOR KEY SHARE) x",
                StatementEffect::Writes,
            ),
            (
                "WITH x AS (SELECT * FROM t FOR\n/* */ SHARE) SELECT * FROM x",
                StatementEffect::Writes,
            ),
            (
                "EXPLAIN ANALYZE SELECT * FROM t FOR NO KEY UPDATE",
                StatementEffect::Writes,
            ),
            (
                "WITH x AS (DELETE FROM t RETURNING 1) SELECT * FROM x",
                StatementEffect::Writes,
            ),
            (
                "EXPLAIN ANALYZE INSERT INTO t VALUES (1)",
                StatementEffect::Writes,
            ),
            (
                "EXPLAIN (ANALYZE on, BUFFERS) UPDATE t SET a = 1",
                StatementEffect::Writes,
            ),
            ("COPY t FROM STDIN", StatementEffect::Writes),
            (
                "COPY (INSERT INTO t VALUES (1) RETURNING a) TO STDOUT",
                StatementEffect::Writes,
            ),
            ("INSERT INTO t VALUES (1)", StatementEffect::Writes),
            (
                "MERGE INTO t USING (SELECT 1 AS b) s ON a = b WHEN NOT MATCHED THEN INSERT VALUES (b)",
                StatementEffect::Writes,
            ),
            ("TRUNCATE t", StatementEffect::Writes),
            ("NOTIFY c", StatementEffect::Writes),
            ("LOCK TABLE t", StatementEffect::Writes),
            ("SELECT 1 AS a INTO u", StatementEffect::Ddl),
            ("(SELECT 1 AS a INTO u) UNION SELECT 2", StatementEffect::Ddl),
            ("CREATE TABLE u AS SELECT 1", StatementEffect::Ddl),
            ("DROP TABLE t", StatementEffect::Ddl),
        ] {
            assert_eq!(kind(sql).effect(), effect, "{sql}");
            let answer = session.run(sql);
            let expected = match effect {
                StatementEffect::ReadOnly => answer.is_ok(),
                // LOCK and NOTIFY have their own reasons to be refused here, or none.
                _ => answer.is_err() || sql.starts_with("NOTIFY"),
            };
            assert!(expected, "{major}: {sql}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_are_the_servers() {
    let server = testkit::server(testkit::majors()[0]).await;
    let probe = server.probe("postgres").await;
    for sql in [
        "SELECT FROM WHERE",
        "SELECT 'é漢🐘', x y z",
        "SELECT 1,\n'é' 'x",
        "SELECT \"é",
        "SELECT 1 /* é",
        "SELECT é FROM",
        "SELECT 漢 + + + )",
        "SELECT $$é",
        "CREATE TABLE é (a int,)",
        "SELECT U&'\\00'",
        "SELECT E'\\xg'||'é' FROM t t t",
        "SELECT 1e",
        "SELECT 0x",
    ] {
        let ours = parse(sql, &Limits::default()).unwrap_err();
        let theirs = probe.simple_query(sql).await.unwrap_err();
        let theirs = theirs.as_db_error().unwrap();
        let position = match theirs.position() {
            Some(testkit::tokio_postgres::error::ErrorPosition::Original(position)) => *position as usize,
            _ => 1,
        };
        assert_eq!(ours.position_chars, position, "{sql}: {ours} / {theirs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_quoted_as_the_server_quotes() {
    for major in testkit::majors() {
        let server = testkit::server(major).await;
        let probe = server.probe("postgres").await;
        let keywords = probe
            .query("SELECT word FROM pg_get_keywords()", &[])
            .await
            .unwrap();
        assert!(keywords.len() > 400);
        let mut names: Vec<String> = keywords.iter().map(|row| row.get(0)).collect();
        names.extend(names.clone().iter().map(|word| word.to_uppercase()));
        names.extend(
            [
                "",
                " ",
                "a",
                "A",
                "_",
                "1",
                "a1",
                "1a",
                "a$",
                "a.b",
                "a\"b",
                "é",
                "漢字",
                "🐘",
                "a\nb",
                "'",
                "\\",
                "Mixed \" Case",
            ]
            .map(str::to_owned),
        );
        for name in names {
            let theirs: String = probe
                .query_one("SELECT quote_ident($1)", &[&name])
                .await
                .unwrap()
                .get(0);
            let ours = quote_ident(&name);
            // A word that has become a keyword since is quoted in any case.
            assert!(
                ours == theirs || ours == format!("\"{name}\"") && major < 18,
                "{major}: {ours} / {theirs}"
            );
            if !name.is_empty() {
                let column: String = format!("SELECT 1 AS {ours}");
                let statement = probe.prepare(&column).await.unwrap();
                assert_eq!(statement.columns()[0].name(), name);
            }
            let literal = quote_literal(&name);
            for setting in ["on", "off"] {
                let set = format!("SET standard_conforming_strings = {setting}");
                probe.batch_execute(&set).await.unwrap();
                let read = probe.simple_query(&format!("SELECT {literal}")).await.unwrap();
                let Some(testkit::tokio_postgres::SimpleQueryMessage::Row(row)) = read
                    .iter()
                    .find(|message| matches!(message, testkit::tokio_postgres::SimpleQueryMessage::Row(_)))
                else {
                    panic!("no row");
                };
                assert_eq!(row.get(0), Some(name.as_str()));
            }
            probe
                .batch_execute("RESET standard_conforming_strings")
                .await
                .unwrap();
        }
    }
}
