//! Shows that the corpus is what it says: every attack, run raw, has an effect that the probes see; every harmless statement has none.

use crate::corpus::{Item, Judge};
use crate::raw::Raw;
use crate::world::{Person, World};

const OPTIONS: [(&str, &str); 2] = [
    ("application_name", "attacker"),
    ("options", "-c statement_timeout=5s"),
];

/// Runs an attack with nothing in its way. The effect, or what happened instead of one.
pub(crate) fn attack(world: &mut World, item: &Item, person: Person) -> Result<String, String> {
    if item.judge == Judge::Survives {
        return Ok("judged by whether the next call is answered".to_owned());
    }
    let before = world.snapshot();
    let mut session = Raw::connect(world.login(person), &OPTIONS)?;
    let (seen, answer) = run(world, &mut session, item, person);
    if let Some(seen) = seen {
        drop(session);
        world.restore();
        return Ok(seen);
    }
    let mut changes = world.look(&before);
    if changes.is_empty() {
        changes = world.changes(&before, true);
    }
    if changes.is_empty() {
        return Err(answer);
    }
    drop(session);
    // A mark alone leaves nothing to put back.
    let only_a_mark = changes.len() == 1 && changes[0].starts_with("next transaction id");
    if !only_a_mark || item.sql.contains(';') || item.sql.contains(" INTO ") || !item.sql.contains("SELECT") {
        world.restore();
    }
    Ok(changes.join("; "))
}

/// Runs a harmless statement: it must succeed and change nothing.
pub(crate) fn harmless(world: &mut World, item: &Item, person: Person) -> Result<(), String> {
    let before = world.snapshot();
    let login = world.login(person).clone();
    let mut session = Raw::connect(&login, &OPTIONS)?;
    if let Some(error) = session.simple(&world.expand(&item.sql)).error {
        return Err(error);
    }
    drop(session);
    match world.changes(&before, false) {
        changes if changes.is_empty() => Ok(()),
        changes => Err(changes.join("; ")),
    }
}

/// What the session itself shows (a leak, or something left for the next statement), and what the attack was answered.
fn run(world: &World, session: &mut Raw, item: &Item, person: Person) -> (Option<String>, String) {
    let login = world.login(person);
    let leftover = world.leftover_sql();
    let clean = Raw::connect(login, &OPTIONS).unwrap().simple(&leftover);
    let answer = session.simple(&world.expand(&item.sql));
    let text = format!("{answer:?}");
    if World::leaks(&text) {
        return (Some("reads a file".to_owned()), text);
    }
    if session.in_transaction {
        return (Some("a transaction left open".to_owned()), text);
    }
    let after = session.simple(&leftover);
    let text = answer.error.map_or_else(
        || format!("{} rows", answer.rows.len()),
        |e| format!("error: {e}"),
    );
    let seen = (format!("{clean:?}") != format!("{after:?}"))
        .then(|| format!("left behind: {:?} {:?}", after.rows.first(), after.error));
    (seen, text)
}
