//! The certificates that AWS's servers are verified with, which are part of the program: the roots that Amazon publishes
//! for RDS, one per region and kind of key, and those of Amazon's public authority, which proxies have theirs from.

use std::path::PathBuf;

use howdah_core::{Error, ErrorKind, Result};

use super::account::Account;

const OF_SERVERS: (&str, &str) = ("rds-ca", include_str!("rds-ca.pem"));
const OF_PROXIES: (&str, &str) = ("amazon-ca", include_str!("amazon-ca.pem"));

/// The file with the certificates of servers, written if need be.
pub(super) fn file(account: &Account) -> Result<PathBuf> {
    written(account, OF_SERVERS)
}

/// The file with those of RDS Proxy.
pub(super) fn of_proxies(account: &Account) -> Result<PathBuf> {
    written(account, OF_PROXIES)
}

/// The file with both: AWS does not say of which authority the gateways of express configuration are.
pub(super) fn of_gateways(account: &Account) -> Result<PathBuf> {
    let both = format!("{}{}", OF_SERVERS.1, OF_PROXIES.1);
    written(account, ("gateway-ca", &both))
}

fn written(account: &Account, (name, roots): (&str, &str)) -> Result<PathBuf> {
    if let Some(file) = &account.settings().ca_file {
        return Ok(file.clone());
    }
    account.note_use()?;
    let path = account.home().join(format!("{name}.pem"));
    if std::fs::read(&path).is_ok_and(|text| text == roots.as_bytes()) {
        return Ok(path);
    }
    // Under its name only when it is whole: others may be reading it.
    let nascent = account.home().join(format!("{name}.{}", std::process::id()));
    std::fs::write(&nascent, roots)
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
