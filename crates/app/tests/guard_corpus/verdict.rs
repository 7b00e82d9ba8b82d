//! Judges Howdah by the probes: first a whole class at once, then, where something shows, each statement alone.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::asker::{Asker, Reply};
use crate::corpus::{Item, Judge};
use crate::raw::Raw;
use crate::world::{Person, Snapshot, World};

/// What Howdah may hold, whatever it is asked.
const MEMORY_BYTES: u64 = 250 * 1024 * 1024;
/// The statement timeout that Howdah sets by itself is 30 s; a loaded machine adds to it.
const PATIENCE: Duration = Duration::from_secs(450);

/// Runs the attacks of a class; what each that got through did.
pub(crate) async fn attacks(world: &mut World, asker: &mut Asker, items: &[Item]) -> Vec<String> {
    if items.is_empty() {
        return Vec::new();
    }
    let mut failures = Vec::new();
    let leftover = world.leftover_sql();
    let clean = answer(asker.ask(&leftover).await);
    let before = world.at_rest();
    for (number, item) in items.iter().enumerate() {
        // What seems refused is looked after every few statements, or the next call's question would cost more than all else.
        let thorough = number % 8 == 7 || number + 1 == items.len();
        if let Some(failure) = attack(world, asker, item, &leftover, &clean, thorough).await {
            failures.push(format!("{}: {failure}", item.name));
        }
    }
    let changes = world.changes(&before, true);
    if changes.is_empty() {
        return failures;
    }
    // Something got through: who was it?
    world.restore();
    let mut culprits = 0;
    for item in items {
        let before = world.at_rest();
        attack(world, asker, item, &leftover, &clean, true).await;
        let found = one(world, &before);
        if !found.is_empty() {
            culprits += 1;
            failures.push(format!("{}: {}", item.name, found.join("; ")));
            world.restore();
        }
    }
    if culprits == 0 {
        let names: Vec<&str> = items.iter().map(|i| i.name.as_str()).collect();
        failures.push(format!(
            "one of {names:?} did, but not when alone: {}",
            changes.join("; ")
        ));
    }
    failures
}

fn one(world: &mut World, before: &Snapshot) -> Vec<String> {
    let found = world.changes(before, false);
    if found.is_empty() {
        world.changes(before, true)
    } else {
        found
    }
}

/// One attack; what is seen of it at once.
async fn attack(
    world: &World,
    asker: &mut Asker,
    item: &Item,
    leftover: &str,
    clean: &str,
    thorough: bool,
) -> Option<String> {
    let started = Instant::now();
    if std::env::var_os("HOWDAH_CORPUS_VERBOSE").is_some() {
        println!("{}", item.name);
    }
    let Some(reply) = asker.ask(&world.expand(&item.sql)).await else {
        asker.restart().await;
        return Some("no answer: the program crashed or hangs".to_owned());
    };
    if started.elapsed() > Duration::from_secs(2) {
        println!("{} took {:?}", item.name, started.elapsed());
    }
    if started.elapsed() > PATIENCE {
        return Some(format!("answered after {:?}", started.elapsed()));
    }
    if World::leaks(&reply.text) {
        return Some(format!("shows a file of the server: {:.200}", reply.text));
    }
    if item.judge == Judge::Survives && asker.peak_memory() > MEMORY_BYTES {
        return Some(format!("took {} bytes of memory", asker.peak_memory()));
    }
    if reply.rows.is_err() && !thorough {
        return None;
    }
    let after = answer(asker.ask(leftover).await);
    (after != clean).then(|| format!("left behind: {after:.400} instead of {clean:.400}"))
}

fn answer(reply: Option<Reply>) -> String {
    reply.map_or("no answer".to_owned(), |reply| format!("{:?}", reply.rows))
}

/// Runs harmless statements; which were refused, or answered otherwise than by the server itself.
pub(crate) async fn harmless(
    world: &mut World,
    asker: &mut Asker,
    items: &[Item],
    person: Person,
) -> Vec<String> {
    let mut failures = Vec::new();
    let before = world.at_rest();
    let mut session = Raw::connect(world.login(person), &[]).unwrap();
    for item in items {
        let sql = world.expand(&item.sql);
        match asker.ask(&sql).await {
            None => {
                failures.push(format!("{}: no answer", item.name));
                asker.restart().await;
            }
            Some(Reply { rows: Err(error), .. }) => failures.push(format!("{}: refused: {error}", item.name)),
            Some(Reply { rows: Ok(rows), .. }) => {
                let expected = session.simple(&sql).expect(&item.name);
                if let Some(difference) = compare(item.judge, &expected, &rows) {
                    failures.push(format!("{}: {difference}", item.name));
                }
            }
        }
    }
    drop(session);
    let changes = world.changes(&before, true);
    if !changes.is_empty() {
        failures.push(format!(
            "harmless statements had an effect: {}",
            changes.join("; ")
        ));
    }
    failures
}

/// How an answer differs from the server's. Howdah cuts long results, so the beginning counts.
fn compare(judge: Judge, expected: &[Vec<Option<String>>], rows: &[Vec<Value>]) -> Option<String> {
    if judge == Judge::Answered {
        return None;
    }
    if rows.len() != expected.len() && !(rows.len() < expected.len() && rows.len() >= 100) {
        return Some(format!("{} rows instead of {}", rows.len(), expected.len()));
    }
    if judge == Judge::Count {
        return None;
    }
    for (number, (row, wanted)) in rows.iter().zip(expected).enumerate() {
        let same = row.len() == wanted.len()
            && row
                .iter()
                .zip(wanted)
                .all(|(cell, text)| equal(cell, text.as_deref()));
        if !same {
            return Some(format!("row {number}: {row:?} instead of {wanted:?}"));
        }
    }
    None
}

/// Whether a JSON value says what the server's text says.
fn equal(cell: &Value, text: Option<&str>) -> bool {
    let Some(text) = text else { return cell.is_null() };
    match cell {
        Value::Null => text == "null",
        Value::Bool(value) => text == if *value { "t" } else { "f" } || text == value.to_string(),
        Value::Number(number) => {
            number.to_string() == text
                || text
                    .parse::<f64>()
                    .is_ok_and(|wanted| number.as_f64() == Some(wanted))
        }
        Value::String(value) => {
            value == text
                || json_text(text).as_ref() == Some(cell)
                || value.starts_with(&text[..text.len().min(64)])
        }
        // Arrays and composites become JSON; how is tested where they are rendered.
        Value::Array(_) | Value::Object(_) => match json_text(text) {
            Some(wanted) => wanted == *cell,
            None => text.starts_with(['{', '(', '[']),
        },
    }
}

fn json_text(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
