use super::{Migration, Run, Runner, Sign, whole};

// The file holds BEGIN and COMMIT itself, unless the migration is not atomic.
crate::runner!(Runner::new("django", recognises, |migration| whole(migration, Run::Alone)));

/// Each operation is announced by a comment between two empty ones.
fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    let mut lines = migration.text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mut first = lines.next()?;
    if first == "BEGIN;" {
        first = lines.next()?;
    }
    let is_announced = first == "--" && lines.next()?.starts_with("-- ") && lines.next()? == "--";
    is_announced.then_some(Sign::Mark)
}
