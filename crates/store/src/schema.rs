use rusqlite::{Connection, TransactionBehavior};

use crate::StoreError;

/// One script per format of the records, in order; a released one is never edited.
pub(crate) const RECORDS: &[&str] = &[include_str!("migrations/1.sql")];

/// Brings the file to the newest format, the last of `scripts`. Several processes may try at once.
pub(crate) fn migrate(connection: &mut Connection, scripts: &[&str]) -> Result<(), StoreError> {
    let known = scripts.len() as i64;
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
    for script in scripts.iter().skip(found.max(0) as usize) {
        transaction.execute_batch(script)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

fn format(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
