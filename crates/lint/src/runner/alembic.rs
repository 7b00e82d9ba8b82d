use super::{Migration, OfPsql, Run, Runner, Sign, whole};

// The file holds BEGIN and COMMIT itself, and is run by psql.
crate::runner!(
    Runner::new("alembic", recognises, |migration| whole(migration, Run::Alone)).like_psql(OfPsql::All)
);

fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    let text = migration.text;
    (text.contains("-- Running upgrade ") && text.contains("alembic_version")).then_some(Sign::Mark)
}
