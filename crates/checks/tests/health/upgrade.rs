//! What is in the way of an upgrade: made for real, found, mended; and what `pg_upgrade` itself says of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use howdah_checks::{Check, Settings, Status, check_named, upgrade_checks};
use howdah_localpg::{Account, Installation};
use howdah_testkit::{Server, ServerOptions, majors, private, server};

use super::{fine, found, pass};

/// A way to damage a database, the check that finds it, and what that says.
struct Blocker {
    code: &'static str,
    /// The versions that can be damaged so.
    of: std::ops::RangeInclusive<u16>,
    /// From which version on it is in the way.
    to: u16,
    sql: &'static str,
    says: &'static str,
    /// Whether `pg_upgrade --check` sees it.
    judged: bool,
}

impl Blocker {
    const NEW: Self = Self {
        code: "column-types",
        of: 13..=99,
        to: 14,
        sql: "",
        says: "",
        judged: true,
    };
}

fn blockers() -> Vec<Blocker> {
    vec![
        Blocker {
            sql: "CREATE TABLE \"Mixed \"\" Case\" (\"The Handler\" regproc)",
            says: "public.\"Mixed \"\" Case\".\"The Handler\" is regproc",
            ..Blocker::NEW
        },
        Blocker {
            sql: "CREATE DOMAIN dictionary AS regdictionary; CREATE TYPE pair AS (name text, dictionary dictionary); CREATE TABLE pairs (all_of_them pair[])",
            says: "public.pairs.all_of_them is public.pair[], which holds regdictionary",
            ..Blocker::NEW
        },
        Blocker {
            sql: "CREATE TABLE rows_seen (seen pg_class)",
            says: "public.rows_seen.seen is pg_class",
            ..Blocker::NEW
        },
        Blocker {
            sql: "CREATE MATERIALIZED VIEW named AS SELECT oid::regnamespace AS namespace FROM pg_namespace",
            says: "public.named.namespace",
            ..Blocker::NEW
        },
        Blocker {
            of: 13..=15,
            to: 16,
            sql: "CREATE TABLE rights (granted aclitem[])",
            says: "stored otherwise from 16 on",
            ..Blocker::NEW
        },
        Blocker {
            code: "polymorphic-functions",
            of: 13..=13,
            sql: "CREATE AGGREGATE gathered (anyelement) (sfunc = array_append, stype = anyarray, initcond = '{}');
                  CREATE OPERATOR +|+ (leftarg = anyarray, rightarg = anyelement, function = array_append)",
            says: "made of an array function",
            ..Blocker::NEW
        },
        Blocker {
            code: "postfix-operators",
            of: 13..=13,
            sql: "CREATE OPERATOR !!! (leftarg = bigint, function = numeric_fac)",
            says: "public.!!!(bigint,NONE)",
            ..Blocker::NEW
        },
        Blocker {
            code: "encoding-conversions",
            of: 13..=13,
            sql: "CREATE CONVERSION \"To Latin\" FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1",
            says: "public.\"To Latin\"",
            ..Blocker::NEW
        },
        Blocker {
            code: "not-null-inheritance",
            of: 13..=17,
            to: 18,
            sql: "CREATE TABLE parent (id int NOT NULL); CREATE TABLE child () INHERITS (parent); ALTER TABLE child ALTER id DROP NOT NULL",
            says: "public.child.id may be null",
            ..Blocker::NEW
        },
        Blocker {
            code: "removed-extensions",
            of: 13..=16,
            to: 17,
            sql: "CREATE EXTENSION adminpack",
            says: "no extension adminpack",
            ..Blocker::NEW
        },
        Blocker {
            code: "catalog-objects",
            of: 13..=16,
            to: 17,
            sql: "CREATE VIEW checkpoints AS SELECT * FROM pg_stat_bgwriter",
            says: "public.checkpoints uses the column checkpoints_timed of pg_stat_bgwriter",
            judged: false,
        },
        Blocker {
            code: "catalog-objects",
            of: 14..=17,
            to: 18,
            sql: "CREATE MATERIALIZED VIEW log_written AS SELECT wal_write FROM pg_stat_wal",
            says: "public.log_written uses the column wal_write of pg_stat_wal",
            judged: false,
        },
        Blocker {
            code: "catalog-objects",
            of: 13..=14,
            to: 15,
            sql: "CREATE VIEW backup AS SELECT pg_is_in_backup() AS is_on, d.datlastsysoid FROM pg_database d",
            says: "public.backup uses the function pg_is_in_backup()",
            judged: false,
        },
        Blocker {
            code: "catalog-objects",
            of: 13..=13,
            sql: "CREATE TABLE squares (a box); CREATE VIEW within AS SELECT a @ box '((0,0),(1,1))' AS inside FROM squares",
            says: "public.within uses the operator @(box,box)",
            judged: false,
            ..Blocker::NEW
        },
    ]
}

async fn server_to_upgrade(major: u16) -> Server {
    let settings = [("max_prepared_transactions", "10"), ("wal_level", "logical")];
    private(ServerOptions {
        major,
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        hba: None,
    })
    .await
}

/// Runs the SQL that a check gives against what it found, in the database of the URL.
async fn mend(server: &Server, database: &str, code: &str, to: u16) {
    let settings = Settings::default().upgrading_to(to);
    let check: &'static Check = check_named(code).unwrap();
    let result = pass(&server.url(database), &[check], &settings)
        .await
        .results
        .remove(0);
    let probe = server.probe(database).await;
    for problem in &result.problems {
        let fix = problem.fix.as_ref().map(|fix| fix.sql.clone());
        let next = problem.next.as_ref().and_then(|next| next.split(';').next());
        let sql = match (&fix, next) {
            (Some(sql), _) => sql.clone(),
            (None, Some(next)) if next.starts_with("DROP ") => next.to_owned(),
            _ => {
                let (relation, column) = problem.object.as_ref().unwrap().rsplit_once('.').unwrap();
                format!("ALTER TABLE {relation} DROP COLUMN {column}")
            }
        };
        for piece in howdah_sql::split(&sql).unwrap() {
            // Several problems of one view have the same fix.
            drop(probe.batch_execute(piece.text).await);
        }
    }
}

/// The worst of all checks for an upgrade to that version, and what is critical.
async fn critical(server: &Server, database: &str, to: u16) -> Vec<String> {
    let settings = Settings::default().upgrading_to(to);
    let pass = pass(&server.url(database), &upgrade_checks(), &settings).await;
    for result in &pass.results {
        assert!(result.skipped.is_none(), "{result:#?}");
    }
    let problems = pass.results.iter().flat_map(|result| &result.problems);
    problems
        .filter(|problem| problem.status == Status::Critical)
        .map(|problem| problem.message.clone())
        .collect()
}

#[tokio::test]
async fn what_is_in_the_way_of_an_upgrade_is_found_and_mended() {
    for major in majors() {
        let server = server_to_upgrade(major).await;
        let database = server.database("clean").await;
        assert_eq!(critical(&server, &database.name, 18).await, [""; 0], "{major}");
        for blocker in blockers().iter().filter(|one| one.of.contains(&major)) {
            let database = server.database("blocked").await;
            database.execute(blocker.sql).await;
            let Blocker { code, to, says, .. } = *blocker;
            let to = to.max(major);
            let limits = check_named(code).unwrap().thresholds;
            let thresholds: Vec<(&str, f64)> =
                limits.iter().map(|limit| (limit.name, f64::from(to))).collect();
            let result = found(&database.url(), code, &thresholds, says).await;
            assert_eq!(result.status, Status::Critical, "{major}: {result:#?}");
            if blocker.to > major && !limits.is_empty() && blocker.to > 14 {
                // Of a version before, it is not in the way.
                fine(&database.url(), code, &[("to_major", f64::from(blocker.to - 1))]).await;
            }
            mend(&server, &database.name, code, to).await;
            assert_eq!(
                critical(&server, &database.name, to).await,
                [""; 0],
                "{major}: {}",
                blocker.sql
            );
        }
        // A type that no table can be made with any more, but may have from before.
        let database = server.database("blocked").await;
        database
            .execute(
                "CREATE TABLE old (what text); SET allow_system_table_mods = on;
                 UPDATE pg_attribute SET atttypid = 'unknown'::regtype WHERE attrelid = 'old'::regclass AND attname = 'what'",
            )
            .await;
        found(&database.url(), "column-types", &[], "public.old.what is unknown").await;
        server.stop().await;
    }
}

#[tokio::test]
async fn what_is_in_the_way_of_a_whole_server_is_found_and_mended() {
    for major in majors() {
        let server = server_to_upgrade(major).await;
        let database = server.database("whole").await;
        let url = database.url();
        let mended = async |code: &str| {
            mend(&server, &database.name, code, 18).await;
            fine(&url, code, &[]).await;
        };
        database
            .execute("SELECT pg_create_logical_replication_slot('the_slot', 'pgoutput')")
            .await;
        found(&url, "logical-slots", &[], "the_slot in whole").await;
        mended("logical-slots").await;

        database.execute("CREATE TABLE t (id int)").await;
        database
            .execute("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'it''s open'")
            .await;
        found(&url, "open-prepared-transactions", &[], "'it''s open' in whole").await;
        mended("open-prepared-transactions").await;

        server.database_named("The \"Closed\"").await;
        database
            .execute("ALTER DATABASE \"The \"\"Closed\"\"\" ALLOW_CONNECTIONS false")
            .await;
        found(
            &url,
            "closed-databases",
            &[],
            "\"The \"\"Closed\"\"\" takes no connections",
        )
        .await;
        database
            .execute("ALTER DATABASE template0 ALLOW_CONNECTIONS true")
            .await;
        found(&url, "closed-databases", &[], "template0 takes connections").await;
        mended("closed-databases").await;
        server.database_named("broken_off").await;
        database
            .execute("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken_off'")
            .await;
        found(&url, "closed-databases", &[], "broken off").await;
        mended("closed-databases").await;
        server.stop().await;
    }
}

/// The three lists of the SQL: columns, functions, operators, with the version that has each no more.
fn gone() -> Vec<(Vec<&'static str>, u16)> {
    let check = check_named("catalog-objects").unwrap();
    let lists = check.sql.split("ours AS").next().unwrap();
    let tuples = lists.split('(').filter_map(|rest| Some(rest.split_once(')')?.0));
    tuples
        .filter_map(|tuple| {
            let (words, since) = tuple.rsplit_once(", ")?;
            let words = words.split(", ").map(|word| word.trim_matches('\''));
            Some((words.collect(), since.parse().ok()?))
        })
        .collect()
}

#[tokio::test]
async fn the_list_of_what_is_gone_is_that_of_the_servers() {
    const COLUMN: &str = "SELECT EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relname::text = $1 AND a.attname::text = $2 AND c.relnamespace = 'pg_catalog'::regnamespace)";
    const OPERATOR: &str =
        "SELECT EXISTS (SELECT FROM pg_operator WHERE oid::text = $1 AND oprname::text = $2)";
    const FUNCTION: &str = "SELECT EXISTS (SELECT FROM pg_proc WHERE proname::text = $1 AND oid < 16384)";
    let gone = gone();
    assert!(gone.len() > 50, "{gone:?}");
    for major in majors() {
        let probe = server(major).await.probe("postgres").await;
        for (words, since) in &gone {
            let sql = match words.as_slice() {
                [_] => FUNCTION,
                [first, _] if first.parse::<u32>().is_ok() => OPERATOR,
                _ => COLUMN,
            };
            let given: Vec<&(dyn howdah_testkit::tokio_postgres::types::ToSql + Sync)> = words
                .iter()
                .map(|word| word as &(dyn howdah_testkit::tokio_postgres::types::ToSql + Sync))
                .collect();
            let is_there: bool = probe.query_one(sql, &given).await.unwrap().get(0);
            if major >= *since {
                assert!(!is_there, "{major} still has {words:?}");
            } else if major + 1 == *since {
                assert!(is_there, "{major} has no {words:?}");
            }
        }
    }
}

/// A directory with the programs of the old version that `pg_upgrade` asks for. Where the old one came without, the new
/// one's tell the same of its control file.
fn programs(of: &Installation, new: &Installation, account: &Account, directory: &Path) -> PathBuf {
    let bin = directory.join("old-bin");
    account.private_directory(&bin).unwrap();
    for name in ["postgres", "pg_ctl", "pg_controldata", "pg_resetwal"] {
        let program = of.program(name).or_else(|| new.program(name)).unwrap();
        std::os::unix::fs::symlink(program, bin.join(name)).unwrap();
    }
    bin
}

/// `pg_upgrade --check` of a running server.
struct Judge {
    pg_upgrade: PathBuf,
    arguments: Vec<String>,
    account: Account,
    directory: PathBuf,
}

impl Judge {
    /// Of a server of tests, for an upgrade to that installation, which has all programs.
    fn new(server: &Server, old: &Installation, new: &Installation) -> Self {
        let account = Account::of_servers().unwrap();
        let directory = server.directory().join(format!("judge-{}", new.major));
        account.private_directory(&directory).unwrap();
        let data = directory.join("data");
        let mut init = account.command(&new.program("initdb").unwrap());
        init.args(["--no-sync", "-U", "postgres", "-A", "trust"])
            .arg("-D")
            .arg(&data);
        init.args(["--encoding=UTF8", "--locale=C.UTF-8"]);
        // From 18 on servers have them unless told otherwise.
        if new.major >= 18 && old.major < 18 {
            init.arg("--no-data-checksums");
        }
        let made = init.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let bin = programs(old, new, &account, &directory);
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let arguments = [
            ("--old-bindir", text(&bin)),
            // What is in the path may be links into where the programs are.
            (
                "--new-bindir",
                text(
                    new.program("initdb")
                        .unwrap()
                        .canonicalize()
                        .unwrap()
                        .parent()
                        .unwrap(),
                ),
            ),
            ("--old-datadir", text(&server.data_dir())),
            ("--new-datadir", text(&data)),
            ("--old-port", server.port().to_string()),
            ("--socketdir", text(&server.socket_dir())),
            ("--username", "postgres".to_owned()),
        ];
        let arguments = arguments
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value]);
        Self {
            pg_upgrade: new.program("pg_upgrade").unwrap(),
            arguments: arguments.chain(["--check".to_owned()]).collect(),
            account,
            directory,
        }
    }

    /// What it says, and whether it lets the upgrade pass.
    fn says(&self) -> (bool, String) {
        let mut run = self.account.command(&self.pg_upgrade);
        let judged = run
            .args(&self.arguments)
            .current_dir(&self.directory)
            .output()
            .unwrap();
        (
            judged.status.success(),
            String::from_utf8_lossy(&judged.stdout).into_owned(),
        )
    }
}

#[tokio::test]
async fn what_pg_upgrade_refuses_is_a_blocker() {
    let all = Installation::all_with(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.dev/pg")]);
    let complete: Vec<&Installation> = all
        .iter()
        .filter(|one| {
            ["pg_upgrade", "pg_dump", "pg_controldata"]
                .iter()
                .all(|name| one.program(name).is_some())
        })
        .collect();
    assert!(
        !complete.is_empty(),
        "no PostgreSQL on this machine has pg_upgrade"
    );
    let mut judged = BTreeSet::new();
    for major in majors() {
        let old = howdah_testkit::installation(major);
        for new in complete.iter().filter(|new| new.major >= major) {
            // The control file is another one from 18 on, which the programs of 18 do not read of others.
            if new.major >= 18 && old.program("pg_controldata").is_none() {
                continue;
            }
            let server = server_to_upgrade(major).await;
            let database = server.database("judged").await;
            let judge = Judge::new(&server, &old, new);
            let to = new.major;
            let what = format!("{major} to {to}");
            let (passes, said) = judge.says();
            assert!(passes, "{what}, a clean server: {said}");
            assert_eq!(critical(&server, &database.name, to).await, [""; 0], "{what}");
            for blocker in blockers()
                .iter()
                .filter(|one| one.of.contains(&major) && one.to <= to)
            {
                database.execute(blocker.sql).await;
                let (passes, said) = judge.says();
                assert_eq!(passes, !blocker.judged, "{what}, {}: {said}", blocker.sql);
                let ours = critical(&server, &database.name, to).await;
                assert!(
                    !ours.is_empty(),
                    "{what}, {}: pg_upgrade says {said}",
                    blocker.sql
                );
                mend(&server, &database.name, blocker.code, to).await;
                judged.insert((major, to, blocker.code));
            }
            for (code, sql) in [
                (
                    "open-prepared-transactions",
                    "BEGIN; CREATE TABLE prepared (id int); PREPARE TRANSACTION 'open'",
                ),
                (
                    "closed-databases",
                    "ALTER DATABASE template0 ALLOW_CONNECTIONS true",
                ),
            ] {
                database.execute(sql).await;
                let (passes, said) = judge.says();
                assert!(!passes, "{what}, {sql}: {said}");
                assert!(
                    !critical(&server, &database.name, to).await.is_empty(),
                    "{what}, {sql}: {said}"
                );
                mend(&server, &database.name, code, to).await;
                judged.insert((major, to, code));
            }
            let (passes, said) = judge.says();
            assert!(passes, "{what}, all of it mended: {said}");
            server.stop().await;
        }
    }
    eprintln!("judged by pg_upgrade: {judged:?}");
    assert!(judged.len() >= 3, "{judged:?}");
}
