//! What a guarded round trip costs beside a plain one, on one connection:
//! `cargo bench -p howdah-pg --bench round_trip`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use howdah_pg::{Column, ConnInfo, Connection, Flow, Limits, Origin, RowView, Sink, Step, Target};

/// How often each way is taken; `HOWDAH_BENCH_ROUNDS` says another number.
fn rounds() -> usize {
    let said = std::env::var("HOWDAH_BENCH_ROUNDS").ok();
    said.and_then(|text| text.parse().ok()).unwrap_or(5_000)
}

struct Nothing;

impl Sink for Nothing {
    fn columns(&mut self, _: usize, _: Vec<Column>) {}

    fn row(&mut self, _: usize, _: &RowView<'_>) -> Flow {
        Flow::Continue
    }
}

const GUARDED: [Step<'static>; 3] = [
    Step {
        sql: "BEGIN READ ONLY",
        params: &[],
        max_rows: 0,
        wanted: false,
        parse_only: false,
        param_types: &[],
    },
    Step {
        sql: "SELECT 1",
        params: &[],
        max_rows: 1001,
        wanted: true,
        parse_only: false,
        param_types: &[],
    },
    Step {
        sql: "ROLLBACK",
        params: &[],
        max_rows: 0,
        wanted: false,
        parse_only: false,
        param_types: &[],
    },
];

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1e6;
    println!(
        "{name:<44} p10 {:6.1} µs   p50 {:6.1} µs   p99 {:7.1} µs",
        at(10),
        at(50),
        at(99)
    );
}

async fn measure(url: &str) {
    let rounds = rounds();
    let info = ConnInfo::parse(url).unwrap();
    let mut connection = Connection::connect(&info).await.unwrap();
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let began = Instant::now();
        connection.batch("SELECT 1").await.unwrap();
        times.push(began.elapsed());
    }
    report("simple query", std::mem::take(&mut times));
    for _ in 0..rounds {
        let began = Instant::now();
        connection.batch("DISCARD ALL").await.unwrap();
        times.push(began.elapsed());
    }
    report("DISCARD ALL", std::mem::take(&mut times));
    for _ in 0..rounds / 5 {
        tokio::time::sleep(Duration::from_micros(500)).await;
        let began = Instant::now();
        connection.batch("SELECT 1").await.unwrap();
        times.push(began.elapsed());
    }
    report("simple query, resting in between", std::mem::take(&mut times));
    for _ in 0..rounds {
        let began = Instant::now();
        connection.query("SELECT 1", &[]).await.unwrap();
        times.push(began.elapsed());
    }
    report("extended query", std::mem::take(&mut times));
    for _ in 0..rounds {
        let began = Instant::now();
        connection.run(&GUARDED, &mut Nothing).await.unwrap();
        times.push(began.elapsed());
    }
    report("BEGIN, query, ROLLBACK in a pipeline", std::mem::take(&mut times));
    let target = Arc::new(Target::new("bench", info, Origin::CommandLine).with_limits(Limits::default()));
    for _ in 0..rounds {
        let began = Instant::now();
        let mut session = target.session().await.unwrap();
        session.run(&GUARDED, &mut Nothing).await.unwrap();
        drop(session);
        times.push(began.elapsed());
    }
    report(
        "the same, session taken and reset each time",
        std::mem::take(&mut times),
    );
    for _ in 0..rounds {
        let began = Instant::now();
        let mut session = target.session().await.unwrap();
        session.run_last(&GUARDED[..2], &mut Nothing).await.unwrap();
        drop(session);
        times.push(began.elapsed());
    }
    report("the same, reset sent along", std::mem::take(&mut times));
    // As a server of requests does it: something else happens in between.
    for _ in 0..rounds / 5 {
        tokio::time::sleep(Duration::from_micros(500)).await;
        let began = Instant::now();
        let mut session = target.session().await.unwrap();
        session.run(&GUARDED, &mut Nothing).await.unwrap();
        times.push(began.elapsed());
        drop(session);
    }
    report("taken and reset, resting in between", std::mem::take(&mut times));
    for _ in 0..rounds / 5 {
        tokio::time::sleep(Duration::from_micros(500)).await;
        let began = Instant::now();
        let mut session = target.session().await.unwrap();
        session.run_last(&GUARDED[..2], &mut Nothing).await.unwrap();
        times.push(began.elapsed());
        drop(session);
    }
    report("reset sent along, resting in between", times);
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for major in howdah_testkit::majors() {
            let server = howdah_testkit::server(major).await;
            for mode in ["disable", "require"] {
                println!("PostgreSQL {major}, TCP, sslmode={mode}");
                measure(&format!("{}?sslmode={mode}", server.url("postgres"))).await;
            }
        }
    });
}
