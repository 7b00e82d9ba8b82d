//! The guard against the corpus: 0 effects, 0 harmless statements refused. See guard_corpus/README.md.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

#[path = "guard_corpus/asker.rs"]
mod asker;
#[path = "guard_corpus/corpus.rs"]
mod corpus;
#[path = "guard_corpus/raw.rs"]
mod raw;
#[path = "guard_corpus/reality.rs"]
mod reality;
#[path = "guard_corpus/verdict.rs"]
mod verdict;
#[path = "guard_corpus/world.rs"]
mod world;

use std::time::Instant;

use asker::Asker;
use corpus::{Class, Only};
use howdah_testkit::{PgBouncer, Server, ServerOptions};
use raw::Login;
use world::{Person, World};

/// With `HOWDAH_CORPUS_SLICE` one statement in so many of each class is asked, others in each way.
const SLICE: usize = 24;

/// Which statements a run takes. `HOWDAH_CORPUS_ONLY` narrows it, while working on the corpus, to names that contain this.
fn chosen(number: usize, first: usize, name: &str) -> bool {
    match std::env::var("HOWDAH_CORPUS_ONLY") {
        Ok(only) => only.split(',').any(|o| name.contains(o)),
        Err(_) => std::env::var_os("HOWDAH_CORPUS_SLICE").is_none() || number % SLICE == first,
    }
}

/// One who asks: in which words, as whom, through a pooler, and beginning with which statement of each class.
struct Way {
    word: &'static str,
    person: Person,
    pooled: bool,
    first: usize,
}

/// All ways, or those that `HOWDAH_CORPUS_AS` names. The owner comes last, since he is given everything.
fn ways() -> Vec<Way> {
    let all = [
        ("superuser", Person::Superuser, false),
        ("plain", Person::Plain, false),
        ("pooled", Person::Plain, true),
        ("owner", Person::Owner, false),
    ];
    let only = std::env::var("HOWDAH_CORPUS_AS");
    all.into_iter()
        .enumerate()
        .map(|(at, (word, person, pooled))| Way {
            word,
            person,
            pooled,
            first: at * SLICE / 4,
        })
        .filter(|way| {
            only.as_ref()
                .is_ok_and(|only| only.split(',').any(|o| o == way.word))
                || only.is_err()
        })
        .collect()
}

fn login(server: &Server, user: &str) -> Login {
    Login {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        user: user.to_owned(),
        password: String::new(),
        database: "postgres".to_owned(),
    }
}

/// A server whose every change the probes can see.
async fn server(major: u16) -> Server {
    let settings = [
        ("autovacuum", "off"),
        ("shared_preload_libraries", "pg_stat_statements"),
        ("wal_level", "logical"),
        ("max_prepared_transactions", "5"),
        ("max_replication_slots", "20"),
        ("max_wal_senders", "10"),
        ("logging_collector", "on"),
        // A new file of the log would be an effect.
        ("log_rotation_age", "0"),
        ("log_rotation_size", "0"),
        ("checkpoint_timeout", "1h"),
        ("max_wal_size", "4GB"),
        ("log_min_messages", "log"),
        ("log_min_error_statement", "panic"),
    ];
    howdah_testkit::private(ServerOptions {
        major,
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..ServerOptions::default()
    })
    .await
}

/// All classes, and the databases that they live in.
fn classes() -> (Vec<Class>, Vec<Class>, Vec<String>) {
    let (attacks, harmless) = (corpus::load("attacks"), corpus::load("harmless"));
    let mut databases: Vec<String> = attacks
        .iter()
        .chain(&harmless)
        .map(|c| c.database.clone())
        .collect();
    databases.sort();
    databases.dedup();
    (attacks, harmless, databases)
}

fn world(server: &Server, major: u16, database: &str, attacks: &[Class], harmless: &[Class]) -> World {
    let all: Vec<Class> = attacks.iter().chain(harmless).cloned().collect();
    World::create(
        major,
        &login(server, "postgres"),
        &format!("corpus_{database}"),
        &all,
    )
}

/// The corpus itself: every attack, unguarded, has an effect that the probes see; nothing harmless has one.
#[tokio::test(flavor = "multi_thread")]
async fn every_attack_is_real() {
    let (attacks, harmless, databases) = classes();
    let mut failures = Vec::new();
    for major in howdah_testkit::majors() {
        let server = server(major).await;
        for database in &databases {
            let started = Instant::now();
            let mut world = world(&server, major, database, &attacks, &harmless);
            let mut count = 0;
            for item in items(&attacks, database) {
                // As the ordinary role where it can do it: what it can do, a superuser can.
                let person = match item.only {
                    Only::Superuser => Person::Superuser,
                    _ => Person::Plain,
                };
                if !chosen(0, 0, &item.name) || !world.applies(item, person) {
                    continue;
                }
                count += 1;
                if let Err(answer) = reality::attack(&mut world, item, person) {
                    println!("{major}: {} has no effect: {answer}", item.name);
                    failures.push(format!("{major}: {} has no effect: {answer}", item.name));
                }
            }
            for item in items(&harmless, database) {
                if !chosen(0, 0, &item.name) || !world.applies(item, Person::Plain) {
                    continue;
                }
                count += 1;
                if let Err(answer) = reality::harmless(&mut world, item, Person::Plain) {
                    failures.push(format!("{major}: {} is not harmless: {answer}", item.name));
                }
            }
            println!(
                "{major} {database}: {count} statements unguarded in {:?}",
                started.elapsed()
            );
        }
    }
    assert!(failures.is_empty(), "{}\n{}", failures.len(), failures.join("\n"));
}

fn items<'a>(classes: &'a [Class], database: &'a str) -> impl Iterator<Item = &'a corpus::Item> {
    classes
        .iter()
        .filter(move |class| class.database == database)
        .flat_map(|class| &class.items)
}

/// The guard: nothing of it all has an effect, and everything harmless is answered as the server does.
#[tokio::test(flavor = "multi_thread")]
async fn the_guard_lets_nothing_through_and_refuses_nothing_harmless() {
    let (attacks, harmless, databases) = classes();
    let mut failures = Vec::new();
    for major in howdah_testkit::majors() {
        let server = server(major).await;
        let bouncer = PgBouncer::start(&server).await;
        for database in &databases {
            let mut world = world(&server, major, database, &attacks, &harmless);
            for way in ways() {
                let port = match way.pooled {
                    true => bouncer.as_ref().map(PgBouncer::port),
                    false => Some(server.port()),
                };
                let Some(port) = port else { continue };
                if way.person == Person::Owner {
                    world.hand_over();
                }
                let url = Login {
                    port,
                    ..world.login(way.person).clone()
                }
                .url();
                let how = format!("{major} {database} as {}", way.word);
                let started = Instant::now();
                let mut asker = Asker::start(&url).await;
                let mut count = [0, 0];
                for class in attacks.iter().filter(|class| class.database == *database) {
                    let items = wanted(&mut world, class, &way);
                    count[0] += items.len();
                    for failure in verdict::attacks(&mut world, &mut asker, &items).await {
                        println!("{how}: {failure}");
                        failures.push(format!("{how}: {failure}"));
                    }
                }
                for class in harmless.iter().filter(|class| class.database == *database) {
                    let items = wanted(&mut world, class, &way);
                    count[1] += items.len();
                    for failure in verdict::harmless(&mut world, &mut asker, &items, way.person).await {
                        println!("{how}: {failure}");
                        failures.push(format!("{how}: {failure}"));
                    }
                }
                println!(
                    "{how}: {} attacks, {} harmless in {:?}",
                    count[0],
                    count[1],
                    started.elapsed()
                );
            }
        }
    }
    assert!(failures.is_empty(), "{}\n{}", failures.len(), failures.join("\n"));
}

fn wanted(world: &mut World, class: &Class, way: &Way) -> Vec<corpus::Item> {
    class
        .items
        .iter()
        .enumerate()
        .filter(|(number, item)| chosen(*number, way.first, &item.name) && world.applies(item, way.person))
        .map(|(_, item)| item.clone())
        .collect()
}
