//! Databases with something to see, and an hour of samples.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use howdah_pg::{ConnInfo, Connection, NoEnvironment, Origin, Target};
use howdah_store::Store;
use howdah_store::samples::{Course, History};
use howdah_testkit::tokio_postgres::Client;
use howdah_testkit::{Database, Server, ServerOptions, majors, private};
use howdah_watch::{Watcher, samples_of};

/// A server that counts statements.
pub(crate) async fn counting() -> Server {
    private(ServerOptions {
        major: *majors().last().unwrap(),
        settings: vec![(
            "shared_preload_libraries".to_owned(),
            "pg_stat_statements".to_owned(),
        )],
        hba: None,
    })
    .await
}

/// What tries to become part of a page.
pub(crate) const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "' onmouseover='alert(3)",
    "</title></textarea></pre><svg onload=alert(4)>",
    "&lt;b&gt; {{7*7}} ${7*7} <!--",
];

pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Tables of several sizes with dead rows, an index that cannot be used, a sequence near its end.
pub(crate) async fn shop(database: &Database<'_>, names: &[&str]) {
    for (at, name) in names.iter().enumerate() {
        let q = quoted(name);
        let rows = 4000 / (at + 1);
        database
            .execute(&format!(
                "CREATE SCHEMA {q}; CREATE TABLE {q}.{q} ({q} int PRIMARY KEY, note text, customer int);
                 COMMENT ON TABLE {q}.{q} IS {lit}; COMMENT ON COLUMN {q}.{q}.note IS {lit};
                 INSERT INTO {q}.{q} SELECT i, repeat('x', 200), i % 50 FROM generate_series(1, {rows}) i;
                 CREATE INDEX {index} ON {q}.{q} (customer); CREATE INDEX {again} ON {q}.{q} (customer);
                 CREATE SEQUENCE {q}.{sequence} AS smallint; SELECT setval({named}, 32700);
                 DELETE FROM {q}.{q} WHERE {q} % 3 = 0; ANALYZE {q}.{q};",
                lit = format_args!("'{}'", name.replace('\'', "''")),
                index = quoted(&format!("i{name}")),
                again = quoted(&format!("j{name}")),
                sequence = quoted(&format!("s{name}")),
                named = format_args!(
                    "'{}.{}'",
                    quoted(name).replace('\'', "''"),
                    quoted(&format!("s{name}")).replace('\'', "''")
                ),
            ))
            .await;
    }
}

/// Sessions that do something for as long as they are held: one that waits, one that left its
/// transaction open, and one that waits for it.
pub(crate) async fn sessions(database: &Database<'_>, name: &str, note: &str) -> Vec<Client> {
    let q = quoted(name);
    let mut held = Vec::new();
    for sql in [
        format!("SELECT pg_sleep(3600) /* {note} */"),
        format!("BEGIN; LOCK TABLE {q}.{q} IN ACCESS EXCLUSIVE MODE; SELECT 1 /* {note} */"),
        format!("SELECT count(*) FROM {q}.{q} /* waits {note} */"),
    ] {
        let client = database.probe().await;
        client
            .batch_execute(&format!("SET application_name = '{}'", name.replace('\'', "''")))
            .await
            .unwrap();
        let is_open = sql.starts_with("BEGIN");
        let asked = client.batch_execute(&sql);
        if is_open {
            asked.await.unwrap();
            held.push(client);
        } else {
            // It is polled once, so that it is sent; nobody waits for its end.
            let mut asked = Box::pin(asked);
            assert!(futures::poll!(&mut asked).is_pending());
            drop(asked);
            held.push(client);
        }
    }
    let probe = database.probe().await;
    let waits =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' OR wait_event = 'PgSleep'";
    for _ in 0..2400 {
        if probe.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) >= 2 {
            return held;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the sessions do not wait");
}

pub(crate) fn now_s() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// An hour of samples of a target in the home of a dashboard, with `sqls` run each minute.
pub(crate) async fn an_hour(home: &Path, target: &str, database: &Database<'_>, sqls: &[String]) {
    let info = ConnInfo::parse_with(&database.url(), &NoEnvironment).unwrap();
    let history = History::Beside(Store::open(home.join("store")));
    let target = Target::new(target, info.clone(), Origin::Config);
    let samples = samples_of(&history, &target);
    let mut watcher = Watcher::new(Connection::connect(&info).await.unwrap(), samples)
        .await
        .unwrap();
    let client = database.probe().await;
    let start = now_s() - 3600;
    for minute in 0..60 {
        let at_s = start + 60 * minute;
        watcher.count(at_s).await.unwrap();
        for sql in sqls {
            client.batch_execute(sql).await.unwrap();
        }
        for look in 0..6 {
            watcher.look(at_s + 10 * look).await.unwrap();
        }
        watcher.record(at_s + 59).await.unwrap();
    }
    watcher.measure(start + 3590).await.unwrap();
    watcher.count(start + 3595).await.unwrap();
}

/// An hour of what AWS measures of a cluster, beside the samples of a target.
pub(crate) async fn measured(home: &Path, target: &str, database: &Database<'_>) {
    let info = ConnInfo::parse_with(&database.url(), &NoEnvironment).unwrap();
    let history = History::Beside(Store::open(home.join("store")));
    let samples = samples_of(&history, &Target::new(target, info, Origin::Config));
    let now = now_s() - now_s().rem_euclid(60);
    let course = |name: &str, most: f64| Course {
        name: format!("aws.{name}"),
        points: (1..=60)
            .map(|minute| (now - 60 * minute, most * minute as f64 / 60.0))
            .collect(),
    };
    let courses = [
        course("shop-1.CPUUtilization", 80.0),
        course("shop-2.CPUUtilization", 20.0),
        course("shop-1.FreeableMemory", 3e9),
        course("shop.VolumeBytesUsed", 2e12),
    ];
    samples.record_courses(now, "aws.", &courses).await.unwrap();
}
