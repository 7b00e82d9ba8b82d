//! The certificates that AWS's servers are verified with: the roots that Amazon publishes for
//! RDS, one per region and kind of key, are part of the program.

use std::path::PathBuf;

use howdah_core::{Error, ErrorKind, Result};

use super::account::Account;

const ROOTS: &str = include_str!("rds-ca.pem");

/// The file with the certificates, written if need be.
pub(super) fn file(account: &Account) -> Result<PathBuf> {
    if let Some(file) = &account.settings().ca_file {
        return Ok(file.clone());
    }
    account.note_use()?;
    let path = account.home().join("rds-ca.pem");
    if std::fs::read(&path).is_ok_and(|text| text == ROOTS.as_bytes()) {
        return Ok(path);
    }
    // Under its name only when it is whole: others may be reading it.
    let nascent = account.home().join(format!("rds-ca.{}", std::process::id()));
    std::fs::write(&nascent, ROOTS)
        .and_then(|()| std::fs::rename(&nascent, &path))
        .map_err(|error| {
            Error::new(
                ErrorKind::Local,
                format!(
                    "The certificates of RDS cannot be written to {}: {error}",
                    path.display()
                ),
            )
        })?;
    Ok(path)
}
