use std::io::ErrorKind;
use std::path::Path;

use crate::private_file::UNFINISHED;
use crate::{Account, LocalError};

/// Directories whose content a copy must not have: it belongs to the processes
/// of the original server, or is rebuilt at the start.
const EMPTIED: [&str; 7] = [
    "pg_dynshmem",
    "pg_notify",
    "pg_replslot",
    "pg_serial",
    "pg_snapshots",
    "pg_stat_tmp",
    "pg_subtrans",
];

/// Files at the top that say what the original is, not what its data are.
const LEFT_OUT: [&str; 8] = [
    "postmaster.pid",
    "postmaster.opts",
    "backup_label",
    "backup_label.old",
    "tablespace_map",
    "standby.signal",
    "recovery.signal",
    "current_logfiles",
];

/// Copies the data directory of a stopped server, or of a running one between
/// the start and the stop of a backup, into `to`, which is made.
///
/// `wal` says whether the write-ahead log comes along. For a running server it
/// must not: it is copied after the backup has stopped, with [`copy_wal`],
/// since only then all of it is there. Files that vanish meanwhile are no
/// error; the log restores them. Tablespaces are refused: a copy would share them.
pub fn copy_data_directory(from: &Path, to: &Path, wal: bool, account: &Account) -> Result<(), LocalError> {
    if directory_entries(&from.join("pg_tblspc"))?.next().is_some() {
        return Err(LocalError::Failed {
            what: format!(
                "{} has tablespaces, which cannot be copied with it.",
                from.display()
            ),
            log: String::new(),
        });
    }
    account.private_directory(to)?;
    for entry in directory_entries(from)? {
        let entry = entry.map_err(LocalError::file("read", from))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if LEFT_OUT.contains(&name.as_ref()) || name.starts_with(UNFINISHED) {
            continue;
        }
        let emptied = EMPTIED.contains(&name.as_ref()) || (name == "pg_wal" && !wal);
        copy(&entry.path(), &to.join(name.as_ref()), emptied, account)?;
    }
    // A log left out still needs its directories.
    account.private_directory(&to.join("pg_wal"))?;
    account.private_directory(&to.join("pg_wal/archive_status"))
}

/// Copies the write-ahead log into a copy made by [`copy_data_directory`]
/// without it, after the backup has stopped.
pub fn copy_wal(from: &Path, to: &Path, account: &Account) -> Result<(), LocalError> {
    copy(&from.join("pg_wal"), &to.join("pg_wal"), false, account)
}

fn directory_entries(directory: &Path) -> Result<std::fs::ReadDir, LocalError> {
    std::fs::read_dir(directory).map_err(LocalError::file("read", directory))
}

fn copy(from: &Path, to: &Path, emptied: bool, account: &Account) -> Result<(), LocalError> {
    let kind = match std::fs::symlink_metadata(from) {
        Ok(meta) => meta.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(LocalError::file("look at", from)(error)),
    };
    if kind.is_dir() {
        account.private_directory(to)?;
        let entries = match std::fs::read_dir(from) {
            _ if emptied => return Ok(()),
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(LocalError::file("read", from)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(LocalError::file("read", from))?;
            let name = entry.file_name();
            // Work files of running statements, and caches that name relations
            // as they were at some other moment.
            let text = name.to_string_lossy();
            if !text.starts_with("pgsql_tmp") && !text.starts_with("pg_internal.init") {
                copy(&entry.path(), &to.join(&name), false, account)?;
            }
        }
        Ok(())
    } else if kind.is_file() {
        match std::fs::copy(from, to) {
            Ok(_) => account.own(to),
            Err(error) if error.kind() == ErrorKind::NotFound && !from.exists() => Ok(()),
            Err(error) => Err(LocalError::file("copy a file to", to)(error)),
        }
    } else {
        // Nothing else belongs in a data directory.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn leaves_out_what_belongs_to_the_running_server() {
        let account = Account::of_servers().unwrap();
        let root = tempfile::tempdir().unwrap();
        let from = root.path().join("from");
        for dir in [
            "pg_tblspc",
            "pg_wal/archive_status",
            "pg_replslot/reader_1",
            "base/1/pgsql_tmp",
        ] {
            std::fs::create_dir_all(from.join(dir)).unwrap();
        }
        for file in [
            "PG_VERSION",
            "postmaster.pid",
            ".new-howdah.conf",
            "base/1/1259",
            "base/1/pg_internal.init",
            "pg_wal/0001",
            "pg_replslot/reader_1/state",
        ] {
            std::fs::write(from.join(file), "x").unwrap();
        }
        let to = root.path().join("to");
        copy_data_directory(&from, &to, false, &account).unwrap();
        assert!(to.join("PG_VERSION").exists());
        assert!(to.join("base/1/1259").exists());
        assert!(to.join("pg_replslot").exists());
        for absent in [
            "postmaster.pid",
            ".new-howdah.conf",
            "base/1/pg_internal.init",
            "base/1/pgsql_tmp",
            "pg_wal/0001",
            "pg_replslot/reader_1",
        ] {
            assert!(!to.join(absent).exists(), "{absent}");
        }
        copy_wal(&from, &to, &account).unwrap();
        assert!(to.join("pg_wal/0001").exists());

        std::os::unix::fs::symlink("/", from.join("pg_tblspc/16400")).unwrap();
        let error = copy_data_directory(&from, &root.path().join("other"), true, &account).unwrap_err();
        assert!(error.to_string().contains("tablespaces"), "{error}");
        assert!(!root.path().join("other").exists());
    }
}
