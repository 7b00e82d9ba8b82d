//! Mutations and splices of the corpus, fed to the guard and judged by the same probes: nothing that it lets through may
//! have an effect, crash or hang. 20 s by default; `HOWDAH_FUZZ_SECONDS` runs it longer, `HOWDAH_FUZZ_SEED` repeats a run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, dead_code)]

#[path = "guard_corpus/asker.rs"]
mod asker;
#[path = "guard_corpus/corpus.rs"]
mod corpus;
#[path = "guard_corpus/raw.rs"]
mod raw;
#[path = "guard_corpus/world.rs"]
mod world;

use std::time::{Duration, Instant, SystemTime};

use asker::Asker;
use howdah_testkit::ServerOptions;
use raw::Login;
use world::{Person, World};

/// Statements between two looks at the probes.
const ROUND: usize = 40;
/// What turns one meaning into another: quoting, nesting, ends of statements, words of other statements.
const FRAGMENTS: [&str; 28] = [
    "'",
    "\"",
    "$$",
    "$a$",
    "\\'",
    "E'\\''",
    "U&'\\0027'",
    "--",
    "/*",
    "*/",
    "; ",
    "(",
    ")",
    "::",
    " AS ",
    ", ",
    ".",
    " UNION ALL ",
    " h.mark() ",
    " h.mark_immutable(1) ",
    " (SELECT h.mark()) ",
    " INTO x ",
    " FOR UPDATE ",
    " EXPLAIN ANALYZE ",
    " h.v ",
    " nextval('h.canary_seq') ",
    " 1::h.d_int ",
    " OPERATOR(h.%%%) ",
];

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn pick<'a>(&mut self, from: &'a [String]) -> &'a str {
        &from[self.below(from.len())]
    }
}

/// Cuts a statement into words, strings and marks, with the space before each.
fn tokens(sql: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut last = ' ';
    for (at, char) in sql.char_indices() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        if at > start && !(word(char) && (word(last) || last.is_whitespace())) {
            out.push(&sql[start..at]);
            start = at;
        }
        last = char;
    }
    out.push(&sql[start..]);
    out
}

fn mutate(random: &mut Random, seeds: &[String]) -> String {
    let base = random.pick(seeds).to_owned();
    let other = random.pick(seeds).to_owned();
    let mut parts: Vec<&str> = tokens(&base);
    let others = tokens(&other);
    for _ in 0..=random.below(3) {
        let at = random.below(parts.len());
        match random.below(7) {
            0 => drop(parts.remove(at)),
            1 => parts.insert(at, FRAGMENTS[random.below(FRAGMENTS.len())]),
            2 => parts[at] = others[random.below(others.len())],
            3 => parts.insert(at, parts[at]),
            4 => {
                let to = random.below(parts.len());
                parts.swap(at, to);
            }
            5 => {
                let from = random.below(others.len());
                let to = (from + random.below(8)).min(others.len());
                parts.splice(at..at, others[from..to].iter().copied());
            }
            _ => {
                parts.truncate(at);
                parts.extend(&others[random.below(others.len())..]);
            }
        }
        if parts.is_empty() {
            parts.push("SELECT");
        }
    }
    let text = parts.concat();
    match random.below(6) {
        0 => format!("SELECT * FROM ({}) fuzzed", text.trim_end().trim_end_matches(';')),
        1 => format!("EXPLAIN {text}"),
        2 => format!("WITH fuzzed AS ({text}) SELECT * FROM fuzzed"),
        _ => text,
    }
}

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
            answered += usize::from(reply.rows.is_ok());
            round.push(sql);
        }
        asked += round.len();
        if world.changes(&before, false).is_empty() {
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
        panic!("seed {seed}: one of these did, but not when alone: {round:#?}");
    }
    println!("{asked} statements, {answered} let through");
    assert!(answered > 0, "the mutations are all broken");
}
