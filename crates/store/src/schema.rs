use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;

/// One script per format, in order; a released one is never edited.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/1.sql")];

/// Brings the file to the newest format. Several processes may try at once.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    if format(connection)? == known {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it while this one waited for the lock.
    let found = format(&transaction)?;
    if found > known {
        let path = transaction.path().unwrap_or_default().into();
        return Err(StoreError::TooNew { path, found, known });
    }
    for script in MIGRATIONS.iter().skip(found.max(0) as usize) {
        transaction.execute_batch(script)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

fn format(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
