//! `howdah change run` on the directories of migration tools: the next file is taken, only its
//! part for the way forward is run, and the tool's own history says that it ran.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use howdah_testkit::{Database, majors, server};

/// A tool's directory with a migration that ran and the one that is next.
struct Project {
    tool: &'static str,
    /// The history as the tool makes it, with the first file in it.
    history: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// A query, and its answer when the second file is noted as the tool notes it.
    noted: &'static str,
    answer: &'static str,
}

const PROJECTS: &[Project] = &[
    Project {
        tool: "dbmate",
        history: "CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY); INSERT INTO schema_migrations VALUES ('20240101000000')",
        files: &[
            (
                "20240101000000_first.sql",
                "-- migrate:up\nSELECT 1/0;\n-- migrate:down\n",
            ),
            (
                "20240102000000_second.sql",
                "-- migrate:up\nCREATE INDEX t_a ON t (a)\n-- migrate:down\nDROP TABLE t;\n",
            ),
        ],
        noted: "SELECT max(version) FROM schema_migrations",
        answer: "20240102000000",
    },
    Project {
        tool: "flyway",
        history: "CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL, \
                  script varchar(1000) NOT NULL, checksum int, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(), \
                  execution_time int NOT NULL, success bool NOT NULL); \
                  INSERT INTO flyway_schema_history VALUES (1, '2', 'first', 'SQL', 'V2__first.sql', 0, 'x', now(), 1, true)",
        files: &[
            ("V2__first.sql", "SELECT 1/0;\n"),
            ("V10_1__the_second_one.sql", "CREATE INDEX t_a ON t (a);\n"),
        ],
        // The checksum of the line without its end.
        noted: "SELECT concat_ws('|', installed_rank, version, description, type, script, checksum, success) FROM flyway_schema_history ORDER BY installed_rank DESC LIMIT 1",
        answer: "2|10.1|the second one|SQL|V10_1__the_second_one.sql|{crc}|t",
    },
    Project {
        tool: "goose",
        history: "CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now()); \
                  INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (2, false)",
        files: &[
            ("00001_first.sql", "-- +goose Up\nSELECT 1/0;\n"),
            (
                "00002_second.sql",
                "-- +goose Up\nCREATE INDEX t_a ON t (a);\n-- +goose Down\nDROP TABLE t;\n",
            ),
        ],
        noted: "SELECT version_id || ' ' || is_applied FROM goose_db_version ORDER BY id DESC LIMIT 1",
        answer: "2 true",
    },
    Project {
        tool: "golang-migrate",
        history: "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (9, false)",
        files: &[
            ("9_first.up.sql", "SELECT 1/0;\n"),
            ("9_first.down.sql", "SELECT 1/0;\n"),
            ("10_second.up.sql", "CREATE INDEX t_a ON t (a);\n"),
            ("10_second.down.sql", "DROP INDEX t_a;\n"),
        ],
        noted: "SELECT string_agg(version || ' ' || dirty, ',') FROM schema_migrations",
        answer: "10 false",
    },
    Project {
        tool: "sqlx",
        history: "CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY, description text NOT NULL, installed_on timestamptz NOT NULL DEFAULT now(), \
                  success boolean NOT NULL, checksum bytea NOT NULL, execution_time bigint NOT NULL); \
                  INSERT INTO _sqlx_migrations VALUES (20240101000000, 'first', now(), true, '', 1)",
        files: &[
            ("Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n"),
            ("20240101000000_first.sql", "SELECT 1/0;\n"),
            ("20240102000000_the_second.sql", "CREATE INDEX t_a ON t (a);\n"),
        ],
        noted: "SELECT description || ' ' || success || ' ' || (checksum = sha384('CREATE INDEX t_a ON t (a);\n'::bytea)) FROM _sqlx_migrations WHERE version = 20240102000000",
        answer: "the second true true",
    },
    Project {
        tool: "prisma",
        history: "CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL, \
                  logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count int NOT NULL DEFAULT 0); \
                  INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('x', '', now(), '20240101000000_first')",
        files: &[
            ("migration_lock.toml", "provider = \"postgresql\"\n"),
            ("20240101000000_first/migration.sql", "SELECT 1/0;\n"),
            (
                "20240102000000_second/migration.sql",
                "CREATE INDEX t_a ON t (a);\n",
            ),
        ],
        noted: "SELECT (checksum = encode(sha256('CREATE INDEX t_a ON t (a);\n'::bytea), 'hex')) || ' ' || (finished_at IS NOT NULL) FROM _prisma_migrations WHERE migration_name = '20240102000000_second'",
        answer: "true true",
    },
    Project {
        tool: "drizzle",
        history: "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint); \
                  INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('', 1700000000000)",
        files: &[
            (
                "meta/_journal.json",
                r#"{"version":"7","dialect":"postgresql","entries":[{"idx":0,"when":1700000000000,"tag":"0000_first"},{"idx":1,"when":1700000000001,"tag":"0001_second"}]}"#,
            ),
            ("0000_first.sql", "SELECT 1/0;\n"),
            (
                "0001_second.sql",
                "CREATE INDEX t_a ON t (a);--> statement-breakpoint\nCREATE INDEX t_b ON t (a);\n",
            ),
        ],
        noted: "SELECT created_at || ' ' || length(hash) FROM drizzle.__drizzle_migrations ORDER BY id DESC LIMIT 1",
        answer: "1700000000001 64",
    },
    Project {
        tool: "diesel",
        history: "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); \
                  INSERT INTO __diesel_schema_migrations VALUES ('20240101000000')",
        files: &[
            ("2024-01-01-000000_first/up.sql", "SELECT 1/0;\n"),
            ("2024-01-01-000000_first/down.sql", "SELECT 1/0;\n"),
            ("2024-01-02-000000_second/up.sql", "CREATE INDEX t_a ON t (a);\n"),
            ("2024-01-02-000000_second/down.sql", "DROP INDEX t_a;\n"),
        ],
        noted: "SELECT max(version) FROM __diesel_schema_migrations",
        answer: "20240102000000",
    },
];

fn run(home: &Path, database: &Database<'_>, arguments: &[&str]) -> Output {
    let url = database.url();
    Command::new(env!("CARGO_BIN_EXE_howdah"))
        .args(["change", "run", "--yes", "--quiet", "--url", &url])
        .args(arguments)
        .env("HOWDAH_HOME", home)
        .current_dir("/tmp")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_file_is_run_and_noted_as_its_tool_notes_it() {
    let server = server(*majors().last().unwrap()).await;
    let home = tempfile::tempdir().unwrap();
    for project in PROJECTS {
        let tool = project.tool;
        let database = server.database("migrations").await;
        database.execute("CREATE TABLE t (a int)").await;
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in project.files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let place = directory.path().to_str().unwrap();
        let without = run(home.path(), &database, &[place, "--record"]);
        assert!(!without.status.success(), "{tool}: {}", text(&without));
        database.execute(project.history).await;
        let first = run(home.path(), &database, &[place, "--record"]);
        assert!(first.status.success(), "{tool}: {}", text(&first));
        let client = database.probe().await;
        let index = client
            .query_one("SELECT to_regclass('t_a') IS NOT NULL", &[])
            .await
            .unwrap();
        assert!(index.get::<_, bool>(0), "{tool}");
        let answer = project
            .answer
            .replace("{crc}", &crc("CREATE INDEX t_a ON t (a);").to_string());
        let noted: String = client.query_one(project.noted, &[]).await.unwrap().get(0);
        assert_eq!(noted, answer, "{tool}");
        let second = run(home.path(), &database, &[place, "--record"]);
        assert!(
            !second.status.success() && text(&second).contains("in the history"),
            "{tool}: {}",
            text(&second)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_is_noted_under_the_name_that_is_given() {
    let server = server(majors()[0]).await;
    let home = tempfile::tempdir().unwrap();
    let database = server.database("migrations").await;
    database
        .execute(
            "CREATE TABLE t (a int); CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz); \
             CREATE TABLE alembic_version (version_num varchar(32) NOT NULL); INSERT INTO alembic_version VALUES ('aaa')",
        )
        .await;
    let sql = "CREATE INDEX t_a ON t (a) -- a comment";
    let django = run(
        home.path(),
        &database,
        &["--sql", sql, "--record=django:shop.0002_index"],
    );
    assert!(django.status.success(), "{}", text(&django));
    let alembic = run(
        home.path(),
        &database,
        &["--sql", "CREATE INDEX t_b ON t (a)", "--record=alembic:bbb"],
    );
    assert!(alembic.status.success(), "{}", text(&alembic));
    let client = database.probe().await;
    let noted = "SELECT (SELECT app || '/' || name FROM django_migrations) || ' ' || (SELECT string_agg(version_num, ',') FROM alembic_version)";
    assert_eq!(
        client.query_one(noted, &[]).await.unwrap().get::<_, String>(0),
        "shop/0002_index bbb"
    );
    let unknown = run(home.path(), &database, &["--sql", sql, "--record=nobody:1"]);
    assert!(
        !unknown.status.success() && text(&unknown).contains("It knows"),
        "{}",
        text(&unknown)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn changesets_that_did_not_run_are_run_and_noted_without_a_checksum() {
    let server = server(*majors().last().unwrap()).await;
    let home = tempfile::tempdir().unwrap();
    let database = server.database("migrations").await;
    // As Liquibase makes it.
    database
        .execute(
            "CREATE TABLE t (a int, b int); \
             CREATE TABLE databasechangelog (id varchar(255) NOT NULL, author varchar(255) NOT NULL, filename varchar(255) NOT NULL, \
             dateexecuted timestamp NOT NULL, orderexecuted int NOT NULL, exectype varchar(10) NOT NULL, md5sum varchar(35), description varchar(255), \
             comments varchar(255), tag varchar(255), liquibase varchar(20), contexts varchar(255), labels varchar(255), deployment_id varchar(10))",
        )
        .await;
    let project = tempfile::tempdir().unwrap();
    let directory = project.path().join("db/changelog");
    std::fs::create_dir_all(&directory).unwrap();
    let write = |name: &str, body: &str| {
        std::fs::write(directory.join(name), format!("--liquibase formatted sql\n{body}")).unwrap();
    };
    write(
        "001.sql",
        "--changeset ann:1\nSELECT 1/0;\n--changeset ann:2\nCREATE INDEX t_a ON t (a)\n--rollback DROP INDEX t_a;\n",
    );
    write(
        "002.sql",
        "--changeset bob:1 dbms:mysql\nSELECT 1/0;\n--changeset bob:2\nCREATE INDEX t_b ON t (b);\n",
    );
    write("003.sql", "--changeset bob:3 context:test\nSELECT 1;\n");
    let place = directory.to_str().unwrap();
    let unknown = run(home.path(), &database, &[place, "--record"]);
    assert!(
        !unknown.status.success() && text(&unknown).contains("logicalFilePath"),
        "{}",
        text(&unknown)
    );
    database
        .execute("INSERT INTO databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype, md5sum) VALUES ('1', 'ann', 'changelog/001.sql', now(), 7, 'EXECUTED', '9:abc')")
        .await;
    for name in ["001.sql", "002.sql"] {
        let file = directory.join(name);
        let done = run(home.path(), &database, &[file.to_str().unwrap(), "--record"]);
        assert!(done.status.success(), "{name}: {}", text(&done));
    }
    let client = database.probe().await;
    let noted = "SELECT string_agg(concat_ws(' ', orderexecuted, author, id, filename, exectype, coalesce(md5sum, 'none')), ', ' ORDER BY orderexecuted) \
                 || ' ' || (to_regclass('t_a') IS NOT NULL AND to_regclass('t_b') IS NOT NULL) FROM databasechangelog";
    assert_eq!(
        client.query_one(noted, &[]).await.unwrap().get::<_, String>(0),
        "7 ann 1 changelog/001.sql EXECUTED 9:abc, 8 ann 2 changelog/001.sql EXECUTED none, 9 bob 2 changelog/002.sql EXECUTED none true"
    );
    let again = run(
        home.path(),
        &database,
        &[directory.join("002.sql").to_str().unwrap(), "--record"],
    );
    assert!(
        !again.status.success() && text(&again).contains("in the history"),
        "{}",
        text(&again)
    );
    let conditional = run(home.path(), &database, &[place, "--record"]);
    assert!(
        !conditional.status.success() && text(&conditional).contains("context"),
        "{}",
        text(&conditional)
    );
    let named = run(
        home.path(),
        &database,
        &["--sql", "SELECT 1", "--record=liquibase:x.sql::9::cy"],
    );
    let by_name =
        "SELECT count(*) FROM databasechangelog WHERE (filename, id, author) = ('x.sql', '9', 'cy')";
    assert!(named.status.success(), "{}", text(&named));
    assert_eq!(client.query_one(by_name, &[]).await.unwrap().get::<_, i64>(0), 1);
}

/// CRC-32, by its definition.
fn crc(text: &str) -> i32 {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    (!crc).cast_signed()
}
