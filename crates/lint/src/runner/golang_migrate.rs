use std::path::Path;

use super::{Migration, Run, Runner, Sign, Surroundings, name, whole};

crate::runner!(
    Runner::new("golang-migrate", recognises, |migration| whole(migration, Run::Message))
        .ordered(order)
        .with_aside(|path, _| number(path, ".down.sql").is_some())
);

fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    number(migration.path, ".up.sql").map(|_| Sign::Place)
}

/// `000002_name.up.sql`
fn number(path: &Path, end: &str) -> Option<u64> {
    let (number, _) = name(path).strip_suffix(end)?.split_once('_')?;
    number.parse().ok()
}

fn order(path: &Path, _: &Surroundings) -> Option<Vec<u64>> {
    number(path, ".up.sql").map(|number| vec![number])
}
