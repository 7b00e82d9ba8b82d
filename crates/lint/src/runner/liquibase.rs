use super::marks::{after, is_off, lines, option};
use super::{Migration, Run, Runner, Section, Sign};

crate::runner!(Runner::new("liquibase", recognises, sections));

/// The first line that says anything.
fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    let first = migration.text.lines().find(|line| !line.trim().is_empty())?;
    after(first, "liquibase formatted sql").map(|_| Sign::Mark)
}

fn sections(migration: &Migration<'_>) -> Vec<Section> {
    let mut sections: Vec<(Section, bool)> = Vec::new();
    for line in lines(migration.text) {
        let Some(words) = after(line.text, "changeset") else {
            continue;
        };
        if let Some((last, _)) = sections.last_mut() {
            last.bytes.end = line.start;
        }
        let run = match (is_off(words, "runInTransaction"), is_off(words, "splitStatements")) {
            (false, _) => Run::Transaction,
            (true, false) => Run::Alone,
            (true, true) => Run::Message,
        };
        let bytes = line.next..migration.text.len();
        sections.push((Section { bytes, run }, is_for_postgres(words)));
    }
    sections.into_iter().filter(|(_, runs)| *runs).map(|(section, _)| section).collect()
}

fn is_for_postgres(words: &str) -> bool {
    if option(words, "ignore").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return false;
    }
    let Some(list) = option(words, "dbms") else { return true };
    let mut names = list.trim_matches('"').split(',').map(str::trim);
    if list.contains('!') {
        return !names.any(|name| name.eq_ignore_ascii_case("!postgresql"));
    }
    names.any(|name| name.eq_ignore_ascii_case("postgresql") || name.eq_ignore_ascii_case("all"))
}
