use std::path::Path;

use howdah_sql::{Limits, parse, split_lossy};

use super::{Migration, OfPsql, Run, Runner, Section, Sign, Surroundings, name, whole};

crate::runner!(
    Runner::new("flyway", recognises, sections)
        .like_psql(OfPsql::Copy)
        .ordered(order)
        .with_aside(|path, _| matches!(parts(path), Some(('U' | 'B', _))))
);

fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    parts(migration.path).map(|_| Sign::Name)
}

/// The letter and the version of `V2.1__name.sql`; the version of `R__name.sql` is empty.
fn parts(path: &Path) -> Option<(char, Vec<u64>)> {
    let stem = name(path).strip_suffix(".sql")?;
    let (head, _) = stem.split_once("__")?;
    let letter = head.chars().next().filter(|letter| matches!(letter, 'V' | 'U' | 'B' | 'R'))?;
    let version = &head[1..];
    if (letter == 'R') != version.is_empty() {
        return None;
    }
    let numbers: Option<Vec<u64>> = version
        .split(['.', '_'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect();
    Some((letter, numbers?))
}

/// By version; what is repeatable comes behind all of them.
fn order(path: &Path, _: &Surroundings) -> Option<Vec<u64>> {
    let (letter, mut version) = parts(path)?;
    version.insert(0, u64::from(letter == 'R'));
    Some(version)
}

fn sections(migration: &Migration<'_>) -> Vec<Section> {
    let own = format!("{}.conf", name(migration.path));
    let own = migration.surroundings.beside(migration.path, &own);
    let says_no = own.is_some_and(|text| says(&text, &["executeInTransaction"], "false"));
    let run = if says_no || runs_without(migration) {
        Run::Alone
    } else {
        Run::Transaction
    };
    whole(migration, run)
}

/// Whether Flyway leaves the transaction out by itself: for a script of nothing but statements
/// that need none, or with such statements among others where `mixed` allows it.
fn runs_without(migration: &Migration<'_>) -> bool {
    let (pieces, _) = split_lossy(migration.text);
    let needs_none = pieces.iter().filter(|piece| !runs_in_transaction(piece.text)).count();
    needs_none > 0 && (needs_none == pieces.len() || is_mixed_allowed(migration))
}

fn runs_in_transaction(statement: &str) -> bool {
    const WORDS: [&str; 6] = ["create", "drop", "alter", "vacuum", "reindex", "discard"];
    let first = statement.split_whitespace().next().unwrap_or_default();
    if !WORDS.iter().any(|word| first.eq_ignore_ascii_case(word)) {
        return true;
    }
    // Of the many that begin so, few hold one of these, and the rest need not be parsed.
    if ["create", "drop", "alter"].iter().any(|word| first.eq_ignore_ascii_case(word)) {
        const NEEDED: [&str; 5] = ["concurrently", "database", "tablespace", "system", "subscription"];
        let lower = statement.to_ascii_lowercase();
        if !NEEDED.iter().any(|word| lower.contains(word)) {
            return true;
        }
    }
    let limits = Limits {
        max_bytes: statement.len().max(1),
        ..Limits::default()
    };
    // What does not parse fails either way.
    parse(statement, &limits)
        .map_or(true, |script| script.statements.iter().all(|parsed| parsed.kind().runs_in_transaction()))
}

fn is_mixed_allowed(migration: &Migration<'_>) -> bool {
    const FILES: [&str; 4] = ["flyway.conf", "flyway.toml", "conf/flyway.conf", "application.properties"];
    const KEYS: [&str; 3] = ["mixed", "flyway.mixed", "spring.flyway.mixed"];
    FILES.iter().any(|file| {
        let text = migration.surroundings.above(migration.path, file);
        text.is_some_and(|text| says(&text, &KEYS, "true"))
    })
}

/// Whether a line of a configuration gives one of the keys that value.
fn says(text: &str, keys: &[&str], value: &str) -> bool {
    text.lines().any(|line| {
        let Some((key, given)) = line.split_once('=') else {
            return false;
        };
        keys.contains(&key.trim()) && given.trim().trim_matches('"').eq_ignore_ascii_case(value)
    })
}
