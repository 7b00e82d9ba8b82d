use std::path::Path;

use super::{Migration, Run, Runner, Section, Sign, name, whole};

crate::runner!(Runner::new("sqlx", recognises, sections).with_aside(|path, _| is_numbered(path, ".down.sql")));

fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    if is_without(migration) {
        return Some(Sign::Mark);
    }
    let path = migration.path;
    let is_project = || {
        let manifest = migration.surroundings.above(path, "Cargo.toml");
        manifest.is_some_and(|text| text.contains("sqlx"))
    };
    (is_numbered(path, ".sql") && is_project()).then_some(Sign::Name)
}

fn sections(migration: &Migration<'_>) -> Vec<Section> {
    let run = if is_without(migration) { Run::Message } else { Run::Transaction };
    whole(migration, run)
}

/// It has to be the very beginning of the file.
fn is_without(migration: &Migration<'_>) -> bool {
    migration.text.starts_with("-- no-transaction")
}

/// `20240101000000_name.sql`
fn is_numbered(path: &Path, end: &str) -> bool {
    let number = name(path).strip_suffix(end).and_then(|stem| stem.split_once('_'));
    number.is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
