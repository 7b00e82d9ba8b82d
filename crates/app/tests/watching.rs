//! `howdah watch` by the clock on a real server, and what `howdah history` then says.

#![allow(clippy::unwrap_used)]

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use howdah_testkit::{ServerOptions, majors, private};
use serde_json::Value;

struct Program {
    home: tempfile::TempDir,
    url: String,
}

impl Program {
    fn new(url: &str) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            url: url.to_owned(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_howdah"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env("HOWDAH_HOME", self.home.path().join("state"))
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env("DATABASE_URL", &self.url)
            .stdin(Stdio::null());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments).await;
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_watched_is_history() {
    let server = private(ServerOptions {
        major: *majors().last().unwrap(),
        settings: vec![(
            "shared_preload_libraries".to_owned(),
            "pg_stat_statements".to_owned(),
        )],
        hba: None,
    })
    .await;
    let database = server.database("watched").await;
    database.execute("CREATE EXTENSION pg_stat_statements").await;
    let program = Program::new(&database.url());

    let never = program.run(&["history", "load"]).await;
    assert_eq!(never.status.code(), Some(1), "{never:?}");
    assert!(
        String::from_utf8_lossy(&never.stderr).contains("howdah watch"),
        "{never:?}"
    );
    // Where nobody watched there are still the counters.
    let top = program.json(&["history", "top", "--json"]).await;
    assert!(
        top["window"].as_str().unwrap().contains("nobody watched"),
        "{top}"
    );

    let mut sleepers = Vec::new();
    for _ in 0..4 {
        let client = database.probe().await;
        sleepers.push(tokio::spawn(async move {
            drop(client.batch_execute("SELECT pg_sleep(600)").await);
        }));
    }
    let probe = database.probe().await;
    let began = Instant::now();
    loop {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
        if probe.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) == 4 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(120));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(probe);
    let watched = program.json(&["watch", "--for", "5s", "--json"]).await;
    assert!(
        watched["databases"][0]["bytes"].as_u64().unwrap() > 0,
        "{watched}"
    );

    let load = program.json(&["history", "load", "--json"]).await;
    assert!(load["looks"].as_i64().unwrap() >= 1, "{load}");
    let average = load["average"].as_f64().unwrap();
    assert!((average - 4.0).abs() <= 0.2, "{load}");
    assert_eq!(load["shares"][0]["of"], "Timeout:PgSleep");
    let by_statement = program
        .json(&["history", "load", "--by", "statement", "--json"])
        .await;
    assert_eq!(
        by_statement["shares"][0]["of"], "SELECT pg_sleep($1)",
        "{by_statement}"
    );

    for arguments in [
        &["history", "load"][..],
        &["history", "top"],
        &["history", "regressions"],
        &["history", "growth", "--limit", "1TB"],
        &["history", "changes"],
    ] {
        let output = program.run(arguments).await;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
    let wrong = program.run(&["history", "top", "--last", "soon"]).await;
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");

    // A server that is not there is told at once, not waited for.
    let nowhere = Program::new("postgres://somebody:very-secret@127.0.0.1:1/nothing");
    let output = nowhere.run(&["watch"]).await;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("very-secret"));

    server
        .probe("postgres")
        .await
        .batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        .await
        .unwrap();
    for sleeper in sleepers {
        sleeper.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_seen_before_an_interrupt_is_kept_and_two_do_not_count_twice() {
    let server = private(ServerOptions {
        major: *majors().last().unwrap(),
        ..ServerOptions::default()
    })
    .await;
    let database = server.database("interrupted").await;
    let program = Program::new(&database.url());
    let client = database.probe().await;
    let sleeping = tokio::spawn(async move { drop(client.batch_execute("SELECT pg_sleep(600)").await) });
    let mut first = program
        .command(&["watch"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Samples are written down every ten seconds; the first counters at once.
    let samples = program.home.path().join("state/store/samples");
    let began = Instant::now();
    while !std::fs::read_dir(&samples).is_ok_and(|mut files| {
        files.any(|file| file.unwrap().path().extension().is_some_and(|end| end == "db"))
    }) {
        assert!(began.elapsed() < Duration::from_secs(120));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Another one waits for its turn and adds nothing.
    let mut second = program
        .command(&["watch"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let interrupt = |pid: u32| {
        let sent = Command::new("kill")
            .args(["-INT", &pid.to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    };
    interrupt(first.id());
    let ended = tokio::task::spawn_blocking(move || first.wait().unwrap())
        .await
        .unwrap();
    assert_eq!(ended.code(), Some(130));
    interrupt(second.id());
    let ended = tokio::task::spawn_blocking(move || second.wait().unwrap())
        .await
        .unwrap();
    assert_eq!(ended.code(), Some(130));
    let load = program.json(&["history", "load", "--json"]).await;
    assert!(load["looks"].as_i64().unwrap() >= 1, "{load}");
    assert!((load["average"].as_f64().unwrap() - 1.0).abs() < 0.1, "{load}");

    let top = program.json(&["top", "--once", "--json"]).await;
    assert_eq!(top["activity"]["sessions"][0]["wait"], "Timeout:PgSleep", "{top}");
    let text = program.run(&["top", "--once"]).await;
    assert_eq!(text.status.code(), Some(0), "{text:?}");
    assert!(
        String::from_utf8_lossy(&text.stdout).contains("pg_sleep"),
        "{text:?}"
    );

    let pid = top["activity"]["sessions"][0]["pid"].to_string();
    let refused = program.run(&["cancel", &pid]).await;
    assert_ne!(refused.status.code(), Some(0), "without consent: {refused:?}");
    let done = program.run(&["cancel", &pid, "--yes"]).await;
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    sleeping.await.unwrap();
    let gone = program.run(&["cancel", "2147483647", "--yes"]).await;
    assert_eq!(gone.status.code(), Some(1), "{gone:?}");
}

/// What one machine watched on a server that both name, another one tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_on_a_server_is_shared() {
    for major in majors() {
        let server = private(ServerOptions {
            major,
            ..ServerOptions::default()
        })
        .await;
        let database = server.database("shared").await;
        let kept = server.database("history").await;
        let (here, there) = (Program::new(&database.url()), Program::new(&database.url()));
        for (program, store, schema) in [
            (&here, kept.url(), "schema = \"what_howdah_saw\""),
            (&there, "central".to_owned(), "schema = \"what_howdah_saw\""),
        ] {
            let config = format!(
                "[history]\nstore = {store:?}\n{schema}\n[targets.central]\nurl = {:?}\n",
                kept.url()
            );
            std::fs::write(program.home.path().join("howdah.toml"), config).unwrap();
        }
        let never = there.run(&["history", "load", "--target", "default"]).await;
        assert_eq!(never.status.code(), Some(1), "{never:?}");
        let client = database.probe().await;
        let sleeping = tokio::spawn(async move {
            drop(
                client
                    .batch_execute("SELECT pg_sleep(600), 'a secret of 4711'")
                    .await,
            )
        });
        let watched = here
            .json(&["watch", "--target", "default", "--for", "5s", "--json"])
            .await;
        let place = watched["databases"][0]["file"].as_str().unwrap();
        assert!(place.contains("schema what_howdah_saw"), "{watched}");
        assert!(
            watched["databases"][0]["bytes"].as_u64().unwrap() > 0,
            "{watched}"
        );
        let load = there
            .json(&["history", "load", "--target", "default", "--json"])
            .await;
        assert!(load["looks"].as_i64().unwrap() >= 1, "{load}");
        for part in ["top", "regressions", "growth", "changes"] {
            let output = there.run(&["history", part, "--target", "default"]).await;
            assert_eq!(output.status.code(), Some(0), "{part}: {output:?}");
        }
        let probe = kept.probe().await;
        let texts: String = probe
            .query_one(
                "SELECT string_agg(text, E'\\n') FROM what_howdah_saw.statement",
                &[],
            )
            .await
            .unwrap()
            .get(0);
        assert!(texts.contains("pg_sleep") && !texts.contains("4711"), "{texts}");
        assert!(!here.home.path().join("state/store/samples").exists());

        // A history that is not there is told at once, without its password.
        let config = "[history]\nstore = \"postgres://somebody:very-secret@127.0.0.1:1/nothing\"\n";
        std::fs::write(here.home.path().join("howdah.toml"), config).unwrap();
        let output = here.run(&["watch"]).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("history") && !said.contains("very-secret"),
            "{said}"
        );
        server
            .probe("postgres")
            .await
            .batch_execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
            )
            .await
            .unwrap();
        sleeping.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn triggers_tell_once_and_keep_silent() {
    let server = private(ServerOptions::default()).await;
    let database = server.database("triggers").await;
    let program = Program::new(&database.url());
    let told = program.home.path().join("told");
    let command = format!(
        "command = [\"sh\", \"-c\", \"cat >> \\\"$0\\\"; echo >> \\\"$0\\\"\", {:?}]",
        told.display().to_string()
    );
    // The servers of the tests do without fsync, which a check calls critical.
    let rule = "on = \"check\"\nchecks = [\"durability-settings\"]\nnotify = [\"ops\"]\n";
    let config = |rules: &str| format!("[notify.ops]\n{command}\n{rules}");
    let write = |text: &str| std::fs::write(program.home.path().join("howdah.toml"), text).unwrap();

    write(&config("[triggers.none]\non = \"lost\"\nnotify = [\"nobody\"]\n"));
    let wrong = program.run(&["watch", "--for", "1s"]).await;
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    assert!(
        String::from_utf8_lossy(&wrong.stderr).contains("nobody"),
        "{wrong:?}"
    );

    write(&config(&format!(
        "[triggers.durable]\n{rule}[triggers.silent]\n{rule}silence = [\"00:00-24:00\"]\n[triggers.lasting]\n{rule}after = \"1h\"\n[triggers.gone]\non = \"lost\"\nnotify = [\"ops\"]\n"
    )));
    let tested = program.json(&["triggers", "--test", "durable", "--json"]).await;
    assert_eq!(tested["told"][0]["channel"], "ops", "{tested}");
    let mut watch = program
        .command(&["watch"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let lines = || -> Vec<Value> {
        let text = std::fs::read_to_string(&told).unwrap();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    while lines().len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(180), "{:?}", lines());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    watch.kill().unwrap();
    watch.wait().unwrap();
    let lines = lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["phase"], "test");
    assert_eq!(
        (&lines[1]["phase"], &lines[1]["trigger"]),
        (&"began".into(), &"durable".into())
    );
    assert!(
        lines[1]["message"].as_str().unwrap().contains("fsync"),
        "{lines:?}"
    );
}
