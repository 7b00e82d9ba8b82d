use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Where Howdah keeps what it remembers: `$HOWDAH_HOME`; else
/// `/var/lib/howdah` for root; else `howdah` in `$XDG_STATE_HOME` or in
/// `~/.local/state`, on macOS too.
///
/// The store is in its subdirectory `store`, which only its owner can enter.
/// Made for root, the directory itself may be passed through by others, since
/// clusters below it then run as another user.
pub fn home() -> Result<PathBuf, StoreError> {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(chosen) = variable("HOWDAH_HOME") {
        return std::path::absolute(&chosen).map_err(|error| StoreError::io(&chosen, error));
    }
    if is_root() {
        return Ok("/var/lib/howdah".into());
    }
    // The XDG specification wants relative values ignored.
    if let Some(state) = variable("XDG_STATE_HOME").filter(|path| path.is_absolute()) {
        return Ok(state.join("howdah"));
    }
    let home = variable("HOME").ok_or(StoreError::NoHome)?;
    Ok(home.join(".local/state/howdah"))
}

/// Makes a directory that only its owner can enter (0700), with the
/// directories above it, and tightens one that exists and is ours.
pub fn private_directory(path: &Path) -> Result<(), StoreError> {
    if let Some(parent) = path.parent() {
        let mode = if is_root() { 0o711 } else { 0o700 };
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(parent)
            .map_err(|error| StoreError::io(parent, error))?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(StoreError::io(path, error)),
    }
    let found = std::fs::metadata(path).map_err(|error| StoreError::io(path, error))?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if ours && found.mode() & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))
            .map_err(|error| StoreError::io(path, error))?;
    }
    Ok(())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
