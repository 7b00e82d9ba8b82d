use super::{Migration, Run, Runner, Section, Sign, directory, name, whole};

crate::runner!(
    Runner::new("diesel", recognises, sections)
        .with_aside(|path, _| name(path) == "down.sql" && begins_with_digit(directory(path)))
);

/// `2024-01-01-000000_name/up.sql`
fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    let path = migration.path;
    (name(path) == "up.sql" && begins_with_digit(directory(path))).then_some(Sign::Name)
}

fn begins_with_digit(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_digit())
}

fn sections(migration: &Migration<'_>) -> Vec<Section> {
    let metadata = migration.surroundings.beside(migration.path, "metadata.toml");
    let without = metadata.is_some_and(|text| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        lines.any(|(key, value)| key.trim() == "run_in_transaction" && value.trim() == "false")
    });
    whole(migration, if without { Run::Message } else { Run::Transaction })
}
