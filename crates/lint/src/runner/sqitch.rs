use std::path::Path;
use std::rc::Rc;

use super::{Migration, OfPsql, Run, Runner, Sign, Surroundings, directory, name, whole};

// psql runs it; BEGIN and COMMIT stand in the file.
crate::runner!(
    Runner::new("sqitch", recognises, |migration| whole(migration, Run::Alone))
        .like_psql(OfPsql::All)
        .ordered(order)
        .with_aside(|path, around| {
            matches!(directory(path), "revert" | "verify") && plan(path, around).is_some()
        })
);

fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    let is_deployed = directory(migration.path) == "deploy";
    (is_deployed && plan(migration.path, migration.surroundings).is_some()).then_some(Sign::Name)
}

fn plan(path: &Path, surroundings: &Surroundings) -> Option<Rc<str>> {
    surroundings.beside(path.parent()?, "sqitch.plan")
}

/// The place of the change in the plan.
fn order(path: &Path, surroundings: &Surroundings) -> Option<Vec<u64>> {
    if directory(path) != "deploy" {
        return None;
    }
    let plan = plan(path, surroundings)?;
    let change = name(path).strip_suffix(".sql")?;
    let changes = plan.lines().filter(|line| !line.trim().is_empty() && !line.starts_with(['%', '#', '@']));
    let place = changes
        .map(|line| line.split_whitespace().next().unwrap_or_default())
        .position(|planned| planned == change);
    // What is not planned comes last.
    Some(vec![place.and_then(|place| u64::try_from(place).ok()).unwrap_or(u64::MAX)])
}
