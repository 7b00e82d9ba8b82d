//! Mutations and splices of the corpus, fed to the guard and judged by the same probes: nothing that it lets through may
//! have an effect, crash or hang. 20 s by default; `HOWDAH_FUZZ_SECONDS` runs it longer, `HOWDAH_FUZZ_SEED` repeats a run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, dead_code)]

#[path = "guard_corpus/asker.rs"]
mod asker;
#[path = "guard_corpus/corpus.rs"]
mod corpus;
#[path = "guard_fuzz/mutation.rs"]
mod mutation;
#[path = "guard_corpus/raw.rs"]
mod raw;
#[path = "guard_corpus/world.rs"]
mod world;

use std::time::{Duration, Instant, SystemTime};

use asker::Asker;
use howdah_testkit::ServerOptions;
use mutation::{Random, mutate};
use raw::Login;
use world::{Person, World};

/// Statements between two looks at the probes.
const ROUND: usize = 40;
/// What was let through is mutated further, up to so many.
const LET_THROUGH_MAX: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_the_guard_lets_through_has_an_effect() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("HOWDAH_FUZZ_SECONDS").unwrap_or(20);
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = number("HOWDAH_FUZZ_SEED").unwrap_or(clock.as_nanos() as u64);
    println!("HOWDAH_FUZZ_SEED={seed}");

    let major = *howdah_testkit::majors().last().unwrap();
    let settings = [
        ("autovacuum", "off"),
        ("shared_preload_libraries", "pg_stat_statements"),
        ("wal_level", "logical"),
        ("logging_collector", "on"),
        ("log_rotation_age", "0"),
        ("log_rotation_size", "0"),
        ("max_prepared_transactions", "5"),
        // The server's own checkpoints would look like somebody's.
        ("checkpoint_timeout", "1d"),
    ];
    let server = howdah_testkit::private(ServerOptions {
        major,
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..ServerOptions::default()
    })
    .await;
    let login = |user: &str| Login {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        user: user.to_owned(),
        password: String::new(),
        database: "postgres".to_owned(),
    };
    let mut classes = corpus::load("attacks");
    classes.extend(corpus::load("harmless"));
    classes.retain(|class| class.database == "main");
    let mut world = World::create(major, &login("postgres"), "corpus_main", &classes);
    let mut seeds = Vec::new();
    for item in classes
        .iter()
        .filter(|class| class.name != "denial")
        .flat_map(|class| &class.items)
    {
        if world.applies(item, Person::Superuser) && item.sql.len() < 2_000 {
            seeds.push(world.expand(&item.sql));
        }
    }

    let mut asker = Asker::start(&world.login(Person::Superuser).url()).await;
    let mut random = Random(seed);
    let known = seeds.len();
    let (mut asked, mut answered) = (0, 0);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(seconds) {
        let before = world.snapshot();
        let mut round = Vec::new();
        while round.len() < ROUND && started.elapsed() < Duration::from_secs(seconds) {
            let sql = mutate(&mut random, &seeds);
            let reply = asker
                .ask(&sql)
                .await
                .unwrap_or_else(|| panic!("seed {seed}: no answer to {sql}"));
            assert!(!World::leaks(&reply.text), "seed {seed}: shows a file: {sql}");
            if reply.rows.is_ok() {
                answered += 1;
                // What came through leads further than what was turned away.
                if seeds.len() < known + LET_THROUGH_MAX && sql.len() < 2_000 {
                    seeds.push(sql.clone());
                }
            }
            round.push(sql);
        }
        asked += round.len();
        let seen = world.changes(&before, false);
        if seen.is_empty() {
            continue;
        }
        // Who was it?
        for sql in &round {
            world.restore();
            let before = world.snapshot();
            asker.ask(sql).await;
            let found = world.changes(&before, false);
            assert!(found.is_empty(), "seed {seed}: {found:?} by {sql}");
        }
        panic!("seed {seed}: {seen:?} by one of these, but by none of them alone: {round:#?}");
    }
    println!("{asked} statements, {answered} let through");
    assert!(answered * 50 > asked, "the mutations are nearly all broken");
}
