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
use futures::StreamExt;
use howdah_testkit::{PgBouncer, Server, ServerOptions};
use raw::Login;
use world::{Person, World};

/// One statement in so many of each class is asked, others in each way: with 4, each in one way.
/// 1, all in all ways, without `HOWDAH_CORPUS_SLICE`.
fn slice() -> usize {
    std::env::var("HOWDAH_CORPUS_SLICE").map_or(1, |text| {
        text.parse::<usize>()
            .ok()
            .filter(|slice| *slice > 0)
            .unwrap_or_else(|| panic!("HOWDAH_CORPUS_SLICE: '{text}' is not a number of statements"))
    })
}

/// Which statements a run takes. `HOWDAH_CORPUS_ONLY` narrows it, while working on the corpus, to names that contain this.
fn chosen(number: usize, first: usize, name: &str) -> bool {
    match std::env::var("HOWDAH_CORPUS_ONLY") {
        Ok(only) => only.split(',').any(|o| name.contains(o)),
        Err(_) => number % slice() == first % slice(),
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
            first: at * slice() / 4,
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
        // What is in memory stays there unless somebody drops it.
        ("shared_buffers", "128MB"),
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
#[derive(Clone)]
struct Corpus {
    attacks: Vec<Class>,
    harmless: Vec<Class>,
    databases: Vec<String>,
}

fn whole_corpus() -> Corpus {
    let (attacks, harmless) = (corpus::load("attacks"), corpus::load("harmless"));
    let mut databases: Vec<String> = attacks
        .iter()
        .chain(&harmless)
        .map(|c| c.database.clone())
        .collect();
    databases.sort();
    databases.dedup();
    Corpus {
        attacks,
        harmless,
        databases,
    }
}

fn world(server: &Server, major: u16, database: &str, corpus: &Corpus) -> World {
    let all: Vec<Class> = corpus.attacks.iter().chain(&corpus.harmless).cloned().collect();
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
    let corpus = whole_corpus();
    let mut failures = Vec::new();
    for major in howdah_testkit::majors() {
        let server = server(major).await;
        for database in &corpus.databases {
            let started = Instant::now();
            let mut world = world(&server, major, database, &corpus);
            let mut count = 0;
            for item in items(&corpus.attacks, database) {
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
            for item in items(&corpus.harmless, database) {
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
/// The versions are asked beside each other, as many as there are cores: each waits for its server most of the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn the_guard_lets_nothing_through_and_refuses_nothing_harmless() {
    let corpus = &whole_corpus();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<String> = futures::stream::iter(howdah_testkit::majors())
        .map(|major| {
            let corpus = corpus.clone();
            tokio::spawn(async move { guarded(major, &corpus).await })
        })
        .buffered(cores)
        .flat_map(|failures| futures::stream::iter(failures.unwrap()))
        .collect()
        .await;
    assert!(failures.is_empty(), "{}\n{}", failures.len(), failures.join("\n"));
}

/// What the guard let through, and what it refused though it is harmless, on one version.
async fn guarded(major: u16, corpus: &Corpus) -> Vec<String> {
    let mut failures = Vec::new();
    let server = server(major).await;
    let bouncer = PgBouncer::start(&server).await;
    for database in &corpus.databases {
        let mut world = world(&server, major, database, corpus);
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
            for class in corpus.attacks.iter().filter(|class| class.database == *database) {
                let items = wanted(&mut world, class, &way);
                count[0] += items.len();
                for failure in verdict::attacks(&mut world, &mut asker, &items).await {
                    println!("{how}: {failure}");
                    failures.push(format!("{how}: {failure}"));
                }
            }
            for class in corpus.harmless.iter().filter(|class| class.database == *database) {
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
    failures
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
