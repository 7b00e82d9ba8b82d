use super::{Migration, Run, Runner, Sign, whole};

crate::runner!(Runner::new("drizzle", recognises, |migration| whole(migration, Run::Transaction)));

fn recognises(migration: &Migration<'_>) -> Option<Sign> {
    if migration.text.contains("--> statement-breakpoint") {
        return Some(Sign::Mark);
    }
    let journal = migration.surroundings.beside(migration.path, "meta/_journal.json");
    journal.map(|_| Sign::Place)
}
