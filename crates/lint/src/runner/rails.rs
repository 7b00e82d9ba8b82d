use super::{Migration, OfPsql, Run, Runner, Sign, directory, name, whole};

// psql loads it into an empty database.
crate::runner!(
    Runner::new("rails", recognises, |migration| whole(migration, Run::Alone)).like_psql(OfPsql::All)
);

fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    let path = migration.path;
    (name(path) == "structure.sql" && directory(path) == "db").then_some(Sign::Name)
}
