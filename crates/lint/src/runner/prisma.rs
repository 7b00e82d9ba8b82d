use super::{Migration, Run, Runner, Sign, name, whole};

crate::runner!(Runner::new("prisma", recognises, |migration| whole(migration, Run::Message)));

/// `migrations/20240101000000_name/migration.sql`, with the lock file of the migrations above it.
fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    let path = migration.path;
    let own = path.parent()?;
    let begins = name(own).starts_with(|first: char| first.is_ascii_digit());
    let is_locked = migration.surroundings.beside(own, "migration_lock.toml").is_some();
    (name(path) == "migration.sql" && (is_locked || begins)).then_some(Sign::Name)
}
